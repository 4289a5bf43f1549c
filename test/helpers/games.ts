import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import type { Context } from 'mocha'

const FOLDERS = [...(process.env.PATH ?? '').split(delimiter), '/usr/games', '/usr/local/games']

/**
 * The absolute path of a real game's program. Where it is not installed the test is skipped, unless CORRAL_REQUIRE_GAMES=1
 * says that it has to be there: then this throws.
 */
export async function requireGame(test: Context, program: string): Promise<string> {
  for (const folder of FOLDERS) {
    const file = join(folder, program)
    if (await access(file, constants.X_OK).then(() => true, () => false)) return file
  }
  if (process.env.CORRAL_REQUIRE_GAMES === '1') throw new Error(`${program} is not installed, and CORRAL_REQUIRE_GAMES=1`)
  return test.skip()
}
