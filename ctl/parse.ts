import { parseArgs } from 'node:util'
import { didYouMean } from '../lib/text/nearest.ts'
import { Arguments } from './arguments.ts'
import type { OptionValue } from './arguments.ts'
import { globalOptions, optionText, usageOf } from './command.ts'
import type { CommandSpec, OptionSpec } from './command.ts'
import { usageError } from './usage-error.ts'

export type Parsed =
  | { readonly kind: 'run'; readonly command: CommandSpec; readonly args: Arguments }
  /** Help for a command or a group of commands; `isAsked` is false where words are missing. */
  | { readonly kind: 'help'; readonly path: readonly string[]; readonly isAsked: boolean }
  | { readonly kind: 'version' }

type Token = ReturnType<typeof tokenize>[number]
type OptionToken = Extract<Token, { kind: 'option' }>

/** Understands a command line. Throws `invalid_request` (exit 2) that names what is wrong and the nearest that is right. */
export function parseCommandLine(argv: readonly string[], commands: readonly CommandSpec[]): Parsed {
  const tokens = tokenize(argv, commands)
  const typed = tokens.filter((token): token is OptionToken => token.kind === 'option')
  const words = tokens.flatMap((token) => (token.kind === 'positional' ? [token.value] : []))
  const command = findCommand(words, commands)
  if (typed.some(({ name }) => name === 'help')) {
    return { kind: 'help', path: command?.path ?? groupOf(words, commands), isAsked: true }
  }
  if (words.length === 0 && typed.some(({ name }) => name === 'version')) return { kind: 'version' }
  if (!command) {
    // A wrong option would otherwise hide behind the missing command.
    for (const token of typed) findOption(token, [...globalOptions, ...commands.flatMap(({ options }) => options)], undefined)
    return { kind: 'help', path: groupOf(words, commands), isAsked: false }
  }
  // Options first: the value of one that is mistyped looks like a word too many.
  const options = bindOptions(command, typed)
  return { kind: 'run', command, args: new Arguments(bindWords(command, words.slice(command.path.length)), options) }
}

/** The words of a command line that are no options, and what `--config` was given. */
export function readWords(argv: readonly string[], commands: readonly CommandSpec[]): { words: readonly string[]; config: string | undefined } {
  const tokens = tokenize(argv, commands)
  return {
    words: tokens.flatMap((token) => (token.kind === 'positional' ? [token.value] : [])),
    config: tokens.flatMap((token) => (token.kind === 'option' && token.name === 'config' ? token.value ?? [] : []))[0],
  }
}

function tokenize(argv: readonly string[], commands: readonly CommandSpec[]) {
  // Where the command begins is known only once it is known which options take a value, so all options of all
  // commands are told to the tokenizer.
  const options = Object.fromEntries([...commands.flatMap(({ options: own }) => own), ...globalOptions].map(({ name, short, value }) => [
    name, { type: value === undefined ? 'boolean' as const : 'string' as const, multiple: true, ...(short === undefined ? {} : { short }) },
  ]))
  return parseArgs({ args: [...argv], options, allowPositionals: true, strict: false, tokens: true }).tokens
}

function findCommand(words: readonly string[], commands: readonly CommandSpec[]): CommandSpec | undefined {
  return commands.find(({ path }) => path.every((word, index) => words[index] === word))
}

/** The words that lead to a group of commands. Throws a usage error for the first word that leads nowhere. */
function groupOf(words: readonly string[], commands: readonly CommandSpec[]): readonly string[] {
  let inside = commands
  for (const [index, word] of words.entries()) {
    const next = inside.filter(({ path }) => path[index] === word)
    if (next.length === 0) {
      const group = words.slice(0, index)
      const known = new Set(inside.filter(({ isHidden }) => !isHidden).flatMap(({ path }) => path[index] ?? []))
      const help = ['ctl', ...group, '--help'].join(' ')
      throw usageError(`There is no command "${['ctl', ...group, word].join(' ')}"${didYouMean(word, known)}; see \`${help}\``)
    }
    inside = next
  }
  return words
}

function bindWords(command: CommandSpec, words: readonly string[]): Map<string, readonly string[]> {
  const bound = new Map<string, readonly string[]>()
  let rest = words
  for (const { name, isOptional = false, isMany = false } of command.arguments) {
    const taken = isMany ? rest : rest.slice(0, 1)
    rest = rest.slice(taken.length)
    if (taken.length === 0 && !isOptional) throw usageError(`${name} is missing; usage: ${usageOf(command)}`)
    bound.set(name, taken)
  }
  if (rest.length > 0) throw usageError(`"${rest.join(' ')}" is too much; usage: ${usageOf(command)}`)
  return bound
}

function bindOptions(command: CommandSpec, typed: readonly OptionToken[]): Map<string, OptionValue> {
  const bound = new Map<string, OptionValue>()
  for (const token of typed) {
    const option = findOption(token, [...command.options, ...globalOptions], command)
    const value = valueOf(token, option)
    if (option.isMany) bound.set(option.name, [...(bound.get(option.name) as readonly string[] | undefined ?? []), String(value)])
    else bound.set(option.name, value)
  }
  return bound
}

function findOption({ name, rawName }: OptionToken, known: readonly OptionSpec[], command: CommandSpec | undefined): OptionSpec {
  const option = known.find((one) => one.name === name)
  if (option) return option
  const guess = didYouMean(rawName, known.map((one) => `--${one.name}`))
  const words = command === undefined ? 'ctl' : ['ctl', ...command.path].join(' ')
  throw usageError(`\`${words}\` has no option ${rawName}${guess}; see \`${words} --help\``)
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
