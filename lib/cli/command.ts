/** One `--option` of a command. Options of the same name have the same kind and letter in all commands of a program. */
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

/** How a command is typed, and what help and reference say of it. */
export interface CommandForm {
  /** The words that name it: `['instance', 'config', 'get']`. */
  readonly path: readonly string[]
  readonly summary: string
  /** More for the help and the reference, as whole sentences. */
  readonly details?: string
  readonly arguments: readonly ArgumentSpec[]
  readonly options: readonly OptionSpec[]
  /** Left out of help, reference and completion. */
  readonly isHidden?: boolean
}

/** What is said of a program as a whole. */
export interface ProgramSpec {
  /** The word that it is called by. */
  readonly name: string
  readonly summary: string
  /** A sentence that ends the help of groups of commands. */
  readonly note?: string
  /** Options that all its commands take, `helpOptions` among them. */
  readonly options: readonly OptionSpec[]
}

/** Options that every program has. */
export const helpOptions: readonly OptionSpec[] = [
  { name: 'help', short: 'h', summary: 'Show help' },
  { name: 'version', summary: 'Show the version' },
]

/** How a command is typed: `ctl instance send NAME LINE...`. */
export function usageOf(program: ProgramSpec, { path, arguments: words }: CommandForm): string {
  return [program.name, ...path, ...words.map(argumentText)].join(' ')
}

function argumentText({ name, isOptional = false, isMany = false }: ArgumentSpec): string {
  const text = isMany ? `${name}...` : name
  return isOptional ? `[${text}]` : text
}

/** How an option is typed: `-o, --output FORMAT`. */
export function optionText({ short, name, value }: OptionSpec): string {
  return `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`
}
