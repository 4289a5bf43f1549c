import { helpOptions } from '../lib/cli/command.ts'
import type { CommandForm, ProgramSpec } from '../lib/cli/command.ts'
import type { Context } from './context.ts'

export type { ArgumentSpec, Completion, OptionSpec } from '../lib/cli/command.ts'

/** How a command does with a master that speaks the base dialect only. */
export interface BaseSupport {
  /** Options that the dialect has nothing for. */
  readonly lacks?: readonly string[]
}

/** One command of ctl: what parses it, documents it and completes it. */
export interface CommandSpec extends CommandForm {
  /** Present where the base dialect of the link has what the command asks a master for. */
  readonly base?: BaseSupport
  /** Loads the code that runs it; only the command that runs is loaded. */
  load(): Promise<CommandModule>
}

export interface CommandModule {
  /** Does the work. What it throws decides the exit code. */
  run(context: Context): Promise<void>
}

/** What is said of ctl as a whole. */
export const ctlProgram: ProgramSpec = {
  name: 'ctl',
  summary: 'The command line of a Corral cluster: slaves, instances, their consoles and configuration.',
  note: 'Slaves, instances and tokens are named by name or by id.',
  options: [
    { name: 'config', value: 'FILE', summary: 'Config file with the master\'s address and the token' },
    { name: 'output', short: 'o', value: 'FORMAT', choices: ['table', 'json', 'yaml'], summary: 'How data is printed: table (default), json or yaml' },
    { name: 'dialect', value: 'DIALECT', choices: ['session', 'base'], summary: 'How the master is spoken to: session (default), or base for one of other makers' },
    { name: 'timeout', value: 'DURATION', summary: 'How long to wait for the master\'s answer, such as 30s or 5m' },
    ...helpOptions,
  ],
}
