import { ClusterError } from '../../lib/errors/cluster-error.ts'

/** What the launcher must know of a game. */
export interface GameText {
  argv: readonly string[]
  cwd: string
  openFilesLimit: number
  env: Readonly<Record<string, string>>
}

// The kernel takes no single argument or variable above 128 KiB.
const maxTextBytes = 120_000

/**
 * The game's arguments and environment as shell text for the launcher (see launch.sh). Throws `invalid_request` for
 * what no process can be given.
 */
export function gameText({ argv, cwd, openFilesLimit, env }: GameText): string {
  if (argv.length === 0 || argv[0] === '') refuse('no program is named')
  if (!cwd.startsWith('/')) refuse(`its folder ${cwd} is not an absolute path`)
  const names = Object.keys(env)
  const badName = names.find((name) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
  if (badName !== undefined) refuse(`${JSON.stringify(badName)} cannot be the name of a variable`)
  const text = [
    `cwd=${quote(cwd)}`,
    `files=${openFilesLimit}`,
    `set -- ${argv.map(quote).join(' ')}`,
    'environment() {',
    ...names.map((name) => `export ${name}=${quote(env[name] ?? '')}`),
    ':',
    '}',
  ].join('\n')
  if (text.includes('\0')) refuse('an argument or variable contains a NUL')
  if (Buffer.byteLength(text) > maxTextBytes) refuse(`its arguments and variables are longer than ${maxTextBytes} bytes together`)
  return text
}

function quote(text: string): string {
  return `'${text.replaceAll('\'', '\'\\\'\'')}'`
}

function refuse(why: string): never {
  throw new ClusterError('invalid_request', `Tried to start a game, but ${why}. Correct the template or the instance's variables`)
}
