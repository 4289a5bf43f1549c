import { parseArgs } from 'node:util'
import { didYouMean } from '../text/nearest.ts'
import { Arguments } from './arguments.ts'
import type { OptionValue } from './arguments.ts'
import { optionText, usageOf } from './command.ts'
import type { CommandForm, OptionSpec, ProgramSpec } from './command.ts'
import { usageError } from './usage-error.ts'

export type Parsed<C extends CommandForm> =
  | { readonly kind: 'run'; readonly command: C; readonly args: Arguments }
  /** Help for a command or a group of commands; `isAsked` is false where words are missing. */
  | { readonly kind: 'help'; readonly path: readonly string[]; readonly isAsked: boolean }
  | { readonly kind: 'version' }

type Token = ReturnType<typeof tokenize>[number]
type OptionToken = Extract<Token, { kind: 'option' }>

/** Understands a command line. Throws `invalid_request` (exit 2) that names what is wrong and the nearest that is right. */
export function parseCommandLine<C extends CommandForm>(argv: readonly string[], program: ProgramSpec, commands: readonly C[]): Parsed<C> {
  const tokens = tokenize(argv, program, commands)
  const typed = tokens.filter((token): token is OptionToken => token.kind === 'option')
  const words = tokens.flatMap((token) => (token.kind === 'positional' ? [token.value] : []))
  const command = commands.find(({ path }) => path.every((word, index) => words[index] === word))
  if (typed.some(({ name }) => name === 'help')) {
    return { kind: 'help', path: command?.path ?? groupOf(words, program, commands), isAsked: true }
  }
  if (typed.some(({ name }) => name === 'version')) return { kind: 'version' }
  if (!command) {
    // A wrong option would otherwise hide behind the missing command.
    for (const token of typed) findOption(token, [...program.options, ...commands.flatMap(({ options }) => options)], program.name)
    return { kind: 'help', path: groupOf(words, program, commands), isAsked: false }
  }
  // Options first: the value of one that is mistyped looks like a word too many.
  const options = bindOptions(program, command, typed)
  return { kind: 'run', command, args: new Arguments(bindWords(program, command, words.slice(command.path.length)), options) }
}

/** The words of a command line that are no options, and what `--config` was given. */
export function readWords(argv: readonly string[], program: ProgramSpec, commands: readonly CommandForm[]): { words: readonly string[]; config: string | undefined } {
  const tokens = tokenize(argv, program, commands)
  return {
    words: tokens.flatMap((token) => (token.kind === 'positional' ? [token.value] : [])),
    config: tokens.flatMap((token) => (token.kind === 'option' && token.name === 'config' ? token.value ?? [] : []))[0],
  }
}

function tokenize(argv: readonly string[], program: ProgramSpec, commands: readonly CommandForm[]) {
  // Where the command begins is known only once it is known which options take a value, so all options of all
  // commands are told to the tokenizer.
  const options = Object.fromEntries([...commands.flatMap(({ options: own }) => own), ...program.options].map(({ name, short, value }) => [
    name, { type: value === undefined ? 'boolean' as const : 'string' as const, multiple: true, ...(short === undefined ? {} : { short }) },
  ]))
  return parseArgs({ args: [...argv], options, allowPositionals: true, strict: false, tokens: true }).tokens
}

/** The words that lead to a group of commands. Throws a usage error for the first word that leads nowhere. */
function groupOf(words: readonly string[], { name }: ProgramSpec, commands: readonly CommandForm[]): readonly string[] {
  let inside = commands
  for (const [index, word] of words.entries()) {
    const next = inside.filter(({ path }) => path[index] === word)
    if (next.length === 0) {
      const group = words.slice(0, index)
      const known = new Set(inside.filter(({ isHidden }) => !isHidden).flatMap(({ path }) => path[index] ?? []))
      const help = [name, ...group, '--help'].join(' ')
      throw usageError(`There is no command "${[name, ...group, word].join(' ')}"${didYouMean(word, known)}; see \`${help}\``)
    }
    inside = next
  }
  return words
}

function bindWords(program: ProgramSpec, command: CommandForm, words: readonly string[]): Map<string, readonly string[]> {
  const bound = new Map<string, readonly string[]>()
  let rest = words
  for (const { name, isOptional = false, isMany = false } of command.arguments) {
    const taken = isMany ? rest : rest.slice(0, 1)
    rest = rest.slice(taken.length)
    if (taken.length === 0 && !isOptional) throw usageError(`${name} is missing; usage: ${usageOf(program, command)}`)
    bound.set(name, taken)
  }
  if (rest.length > 0) throw usageError(`"${rest.join(' ')}" is too much; usage: ${usageOf(program, command)}`)
  return bound
}

function bindOptions(program: ProgramSpec, command: CommandForm, typed: readonly OptionToken[]): Map<string, OptionValue> {
  const bound = new Map<string, OptionValue>()
  for (const token of typed) {
    const option = findOption(token, [...command.options, ...program.options], [program.name, ...command.path].join(' '))
    const value = valueOf(token, option)
    if (option.isMany) bound.set(option.name, [...(bound.get(option.name) as readonly string[] | undefined ?? []), String(value)])
    else bound.set(option.name, value)
  }
  return bound
}

function findOption({ name, rawName }: OptionToken, known: readonly OptionSpec[], command: string): OptionSpec {
  const option = known.find((one) => one.name === name)
  if (option) return option
  const guess = didYouMean(rawName, known.map((one) => `--${one.name}`))
  throw usageError(`\`${command}\` has no option ${rawName}${guess}; see \`${command} --help\``)
}

function valueOf({ rawName, value, inlineValue }: OptionToken, option: OptionSpec): string | true {
  if (option.value === undefined) {
    if (value !== undefined) throw usageError(`${rawName} takes no value`)
    return true
  }
  // `--tail -f`: the next option is no value, unless it is tied to this one with "=".
  const isMissing = value === undefined || (!inlineValue && /^-[^\d]/.test(value))
  if (isMissing) throw usageError(`${rawName} needs a value: ${optionText(option)}`)
  if (option.choices && !option.choices.includes(value)) {
    throw usageError(`${rawName} must be one of ${option.choices.join(', ')}, not "${value}"${didYouMean(value, option.choices)}`)
  }
  return value
}
