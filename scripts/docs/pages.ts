import { cliPage } from './cli-page.ts'
import { configPage } from './config-page.ts'
import { errorsPage } from './errors-page.ts'
import { messagesPage } from './messages-page.ts'

/** The generated pages of `docs/reference/`, by file name. */
export async function referencePages(): Promise<Readonly<Record<string, string>>> {
  return {
    'messages.md': await messagesPage(),
    'cli.md': await cliPage(),
    'config.md': await configPage(),
    'errors.md': errorsPage(),
  }
}
