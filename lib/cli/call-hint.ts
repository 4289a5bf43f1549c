import { existsSync } from 'node:fs'
import { basename, delimiter, dirname, join, relative, resolve } from 'node:path'
import { packageRoot } from '../package-root.ts'
import { shellWord } from '../text/shell-word.ts'

/** How this process was called. */
export interface Call {
  /** The script that runs, as it was named: `/usr/local/bin/master`, a link, or `/opt/corral/bin/master.js`. */
  readonly script: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly directory: string
}

type Called = 'master' | 'slave' | 'ctl'

/** How one of our programs is called, for hints: in the way in which this one was, so that it works where the user is. */
export function callHint(program: Called, { script, env, directory }: Call = thisCall()): string {
  const folder = dirname(script)
  if (basename(folder) === '.bin' && env.npm_command === 'exec' && isWithin(directory, env.npm_config_local_prefix)) return `npx --no ${program}`
  const beside = join(folder, program)
  if (script.endsWith('.js') || !existsSync(beside)) return `node ${shellWord(join(packageRoot, 'bin', `${program}.js`))}`
  return (env.PATH ?? '').split(delimiter).includes(folder) ? program : shellWord(beside)
}

/** ` --config FILE` for a hint, where a file is not the one that a program takes by itself. */
export function configHint(file: string, usual: string): string {
  return resolve(file) === resolve(usual) ? '' : ` --config ${shellWord(file)}`
}

function thisCall(): Call {
  return { script: process.argv[1] ?? '', env: process.env, directory: process.cwd() }
}

/** npx finds the programs of the project that the working directory is in. */
function isWithin(directory: string, project: string | undefined): boolean {
  return project !== undefined && !relative(project, directory).startsWith('..')
}
