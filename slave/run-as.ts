import { execFile } from 'node:child_process'
import { realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { ClusterError } from '../lib/errors/cluster-error.ts'
import { shellWord } from '../lib/text/shell-word.ts'

/** A system user that games run as. */
export interface GameUser {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

const execute = promisify(execFile)
const tryDeadlineMs = 5_000

/** A system user's numbers, as `id` tells. Throws `invalid_config` for one that there is not. */
export async function findUser(name: string): Promise<GameUser> {
  const number = async (flag: string): Promise<number> => {
    const { stdout } = await execute('id', [flag, '--', name])
    return Number(stdout.trim())
  }
  try {
    return { name, uid: await number('-u'), gid: await number('-g') }
  } catch (error) {
    throw new ClusterError('invalid_config', `There is no system user "${name}" to run games as; create it, or set another run_as`, { cause: error })
  }
}

/** Why a user can't enter a directory, and what to do about it; undefined where nothing is in the way, or nobody can tell. Needs root. */
export async function barrierTo(directory: string, user: GameUser): Promise<string | undefined> {
  for (const level of levelsOf(await realpath(directory).catch(() => directory))) {
    const found = await stat(level).catch(() => undefined)
    if (!found) return undefined
    const [who, bit] = found.uid === user.uid ? ['u', 0o100] as const : found.gid === user.gid ? ['g', 0o010] as const : ['o', 0o001] as const
    // An access control list may allow what the mode does not.
    if ((found.mode & bit) !== 0 || await canEnter(level, user)) continue
    const mode = (found.mode & 0o7777).toString(8).padStart(4, '0')
    return `user ${user.name} cannot enter ${level} (mode ${mode}); run \`chmod ${who}+x ${shellWord(level)}\``
  }
  return undefined
}

/** A directory and all those above it, the highest first. */
function levelsOf(directory: string): string[] {
  const above = dirname(directory)
  return above === directory ? [directory] : [...levelsOf(above), directory]
}

function canEnter(directory: string, { uid, gid }: GameUser): Promise<boolean> {
  return execute('/bin/sh', ['-c', 'cd -- "$1"', 'sh', directory], { cwd: '/', env: {}, uid, gid, timeout: tryDeadlineMs }).then(() => true, () => false)
}
