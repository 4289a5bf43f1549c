import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeAtomically } from '../../lib/config/write-atomically.ts'
import { setPlugins } from '../../lib/link/messages/plugins.ts'
import type { PluginOrder } from '../../lib/link/messages/plugins.ts'
import { fits } from '../../lib/link/validate.ts'
import type { Logger } from '../../lib/log/logger.ts'

/** Which plugins run on this slave, as its master said last: they run without it, too. */
export class PluginOrders {
  readonly #file: string
  readonly #log: Logger

  constructor(dataDirectory: string, log: Logger) {
    this.#file = join(dataDirectory, 'plugins.json')
    this.#log = log
  }

  async read(): Promise<readonly PluginOrder[]> {
    try {
      const content: unknown = JSON.parse(await readFile(this.#file, 'utf8'))
      if (fits(setPlugins.request, content)) return content.plugins
      throw new Error('it has another form')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#log.warn(`${this.#file} can't be used; plugins run once the master is there: ${(error as Error).message}`)
      return []
    }
  }

  async write(plugins: readonly PluginOrder[]): Promise<void> {
    try {
      await writeAtomically(this.#file, JSON.stringify({ plugins }))
    } catch (error) {
      this.#log.warn('Which plugins run could not be written', { error: String(error) })
    }
  }
}
