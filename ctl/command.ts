import type { ArgumentSpec, Completion, OptionSpec } from '../lib/plugin/ctl-command.ts'
import type { Context } from './context.ts'

export type { ArgumentSpec, Completion, OptionSpec }

/** How a command does with a master that speaks the base dialect only. */
export interface BaseSupport {
  /** Options that the dialect has nothing for. */
  readonly lacks?: readonly string[]
}

/** One command of ctl: what parses it, documents it and completes it. */
export interface CommandSpec {
  /** The words that name it: `['instance', 'config', 'get']`. */
  readonly path: readonly string[]
  readonly summary: string
  /** More for the help and the reference, as whole sentences. */
  readonly details?: string
  readonly arguments: readonly ArgumentSpec[]
  readonly options: readonly OptionSpec[]
  /** Present where the base dialect of the link has what the command asks a master for. */
  readonly base?: BaseSupport
  /** Left out of help, reference and completion: for the shell's completion to call. */
  readonly isHidden?: boolean
  /** Loads the code that runs it; only the command that runs is loaded. */
  load(): Promise<CommandModule>
}

export interface CommandModule {
  /** Does the work. What it throws decides the exit code. */
  run(context: Context): Promise<void>
}

/** Options that all commands take. */
export const globalOptions: readonly OptionSpec[] = [
  { name: 'config', value: 'FILE', summary: 'Config file with the master\'s address and the token' },
  { name: 'output', short: 'o', value: 'FORMAT', choices: ['table', 'json', 'yaml'], summary: 'How data is printed: table (default), json or yaml' },
  { name: 'dialect', value: 'DIALECT', choices: ['session', 'base'], summary: 'How the master is spoken to: session (default), or base for one of other makers' },
  { name: 'timeout', value: 'DURATION', summary: 'How long to wait for the master\'s answer, such as 30s or 5m' },
  { name: 'help', short: 'h', summary: 'Show help' },
  { name: 'version', summary: 'Show the version' },
]

/** How a command is typed: `ctl instance send NAME LINE...`. */
export function usageOf({ path, arguments: words }: Pick<CommandSpec, 'path' | 'arguments'>): string {
  return ['ctl', ...path, ...words.map(argumentText)].join(' ')
}

function argumentText({ name, isOptional = false, isMany = false }: ArgumentSpec): string {
  const text = isMany ? `${name}...` : name
  return isOptional ? `[${text}]` : text
}

/** How an option is typed: `-o, --output FORMAT`. */
export function optionText({ short, name, value }: OptionSpec): string {
  return `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`
}
