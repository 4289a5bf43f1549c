import { access, constants, stat } from 'node:fs/promises'
import { delimiter, isAbsolute, join } from 'node:path'
import { ClusterError } from '../errors/cluster-error.ts'
import { packageRoot } from '../package-root.ts'
import { fillIn } from './placeholders.ts'
import type { Template } from './schema.ts'

// Debian puts games there, and root's PATH lacks it.
const ALWAYS_SEARCHED = ['/usr/local/bin', '/usr/bin', '/usr/local/games', '/usr/games']

/**
 * The absolute path of the template's program: as it stands when it is absolute, else the first executable of that name in the
 * template's `search` folders, in `path` (as `PATH`), in the usual folders. Throws `program_missing` with the template's
 * hint how to install it.
 */
export async function findProgram(template: Template, path: string): Promise<string> {
  const values = hostPlaceholders()
  const { command, search = [] } = template.program
  const name = fillIn(command, values)
  const folders = [...search.map((folder) => fillIn(folder, values)), ...path.split(delimiter), ...ALWAYS_SEARCHED]
    .filter((folder) => isAbsolute(folder))
  const candidates = isAbsolute(name) ? [name] : folders.map((folder) => join(folder, name))
  for (const candidate of candidates) {
    if (await isExecutable(candidate)) return candidate
  }
  throw new ClusterError('program_missing',
    `The program "${name}" of template "${template.id}" was not found on this host; ${installHint(template)}`,
    { details: { template: template.id, program: name, searched: [...new Set(candidates)] } })
}

/** What placeholders stand for on this host, whichever the instance. */
export function hostPlaceholders(): Map<string, string> {
  return new Map([['package', packageRoot], ['node', process.execPath]])
}

/** How to install a template's program, as an end of a sentence. */
function installHint({ program: { install = {} } }: Template): string {
  const ways = [install.debian && `on Debian: ${install.debian}`, install.any].filter((way) => way !== undefined && way !== '')
  return ways.length === 0 ? 'install it and start the instance again' : `install it: ${ways.join('; or ')}`
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK)
    return (await stat(file)).isFile()
  } catch {
    return false
  }
}
