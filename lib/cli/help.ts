import { optionText, usageOf } from './command.ts'
import type { CommandForm, ProgramSpec } from './command.ts'

/** The help of a command, of a group of commands (`['instance']`) or of all (`[]`). */
export function helpText(program: ProgramSpec, path: readonly string[], commands: readonly CommandForm[]): string {
  const visible = commands.filter(({ isHidden }) => !isHidden)
  const exact = commands.find((command) => command.path.length === path.length && isUnder(path, command))
  return exact ? commandHelp(program, exact) : groupHelp(program, path, visible.filter((command) => isUnder(path, command)))
}

function isUnder(path: readonly string[], command: CommandForm): boolean {
  return path.every((word, index) => command.path[index] === word)
}

function commandHelp(program: ProgramSpec, command: CommandForm): string {
  const sections = [`Usage: ${usageOf(program, command)} [options]`, command.details === undefined ? command.summary : `${command.summary}\n${command.details}`]
  if (command.arguments.length > 0) sections.push(columns('Arguments', command.arguments.map(({ name, summary }) => [name, summary])))
  if (command.options.length > 0) sections.push(columns('Options', command.options.map((option) => [optionText(option), option.summary])))
  return [...sections, globalHelp(program)].join('\n\n') + '\n'
}

function groupHelp(program: ProgramSpec, path: readonly string[], commands: readonly CommandForm[]): string {
  const { name, summary, note } = program
  return [
    `Usage: ${[name, ...path].join(' ')} COMMAND [options]`,
    ...(path.length === 0 ? [summary] : []),
    columns('Commands', commands.map((command) => [usageOf(program, command).slice(`${name} `.length), command.summary])),
    globalHelp(program),
    `${note === undefined ? '' : `${note} `}\`COMMAND --help\` says more of each command.`,
  ].join('\n\n') + '\n'
}

function globalHelp({ options }: ProgramSpec): string {
  return columns('Global options', options.map((option) => [optionText(option), option.summary]))
}

function columns(title: string, rows: ReadonlyArray<readonly [string, string]>): string {
  const width = Math.max(...rows.map(([left]) => left.length))
  return [`${title}:`, ...rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`)].join('\n')
}
