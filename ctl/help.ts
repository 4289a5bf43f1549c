import { globalOptions, optionText, usageOf } from './command.ts'
import type { CommandSpec } from './command.ts'

/** The help of a command, of a group of commands (`['instance']`) or of all (`[]`). */
export function helpText(path: readonly string[], commands: readonly CommandSpec[]): string {
  const visible = commands.filter(({ isHidden }) => !isHidden)
  const exact = commands.find((command) => command.path.length === path.length && isUnder(path, command))
  return exact ? commandHelp(exact) : groupHelp(path, visible.filter((command) => isUnder(path, command)))
}

function isUnder(path: readonly string[], command: CommandSpec): boolean {
  return path.every((word, index) => command.path[index] === word)
}

function commandHelp(command: CommandSpec): string {
  const sections = [`Usage: ${usageOf(command)} [options]`, command.details === undefined ? command.summary : `${command.summary}\n${command.details}`]
  if (command.arguments.length > 0) sections.push(columns('Arguments', command.arguments.map(({ name, summary }) => [name, summary])))
  if (command.options.length > 0) sections.push(columns('Options', command.options.map((option) => [optionText(option), option.summary])))
  return [...sections, globalHelp()].join('\n\n') + '\n'
}

function groupHelp(path: readonly string[], commands: readonly CommandSpec[]): string {
  const words = ['ctl', ...path].join(' ')
  const about = path.length === 0 ? 'The command line of a Corral cluster: slaves, instances, their consoles and configuration.' : undefined
  return [
    `Usage: ${words} COMMAND [options]`,
    ...(about === undefined ? [] : [about]),
    columns('Commands', commands.map((command) => [usageOf(command).slice('ctl '.length), command.summary])),
    globalHelp(),
    'Slaves, instances and tokens are named by name or by id. `COMMAND --help` says more of each command.',
  ].join('\n\n') + '\n'
}

function globalHelp(): string {
  return columns('Global options', globalOptions.map((option) => [optionText(option), option.summary]))
}

function columns(title: string, rows: ReadonlyArray<readonly [string, string]>): string {
  const width = Math.max(...rows.map(([left]) => left.length))
  return [`${title}:`, ...rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`)].join('\n')
}
