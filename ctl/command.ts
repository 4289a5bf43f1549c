import type { Context } from './context.ts'

/** One `--option` of a command. Options of the same name have the same kind and letter in all commands. */
export interface OptionSpec {
  readonly name: string
  readonly short?: string
  /** What its value is called in the help; an option without one is a switch. */
  readonly value?: string
  /** May be given several times. */
  readonly isMany?: boolean
  readonly choices?: readonly string[]
  readonly summary: string
}

/** One word, or a row of words, that a command takes by its place. */
export interface ArgumentSpec {
  readonly name: string
  readonly summary: string
  readonly isOptional?: boolean
  /** Takes all words that are left; only the last argument can. */
  readonly isMany?: boolean
  /** What the shell may complete it with. */
  readonly completes?: Completion
}

export type Completion = 'instance' | 'slave' | 'template' | 'file' | readonly string[]

/** One command of ctl: what parses it, documents it and completes it. */
export interface CommandSpec {
  /** The words that name it: `['instance', 'config', 'get']`. */
  readonly path: readonly string[]
  readonly summary: string
  /** More for the help and the reference, as whole sentences. */
  readonly details?: string
  readonly arguments: readonly ArgumentSpec[]
  readonly options: readonly OptionSpec[]
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
