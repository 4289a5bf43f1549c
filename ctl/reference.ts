import { optionText, usageOf } from '../lib/cli/command.ts'
import { ExitCode, exitMeanings } from '../lib/errors/codes.ts'
import { ctlProgram } from './command.ts'
import type { CommandSpec } from './command.ts'
import { commands } from './cli.ts'
import { configSources } from './settings.ts'

/** The reference of ctl as Markdown, for `docs/reference/cli.md`, with commands of plugins. */
export function cliReference(ofPlugins: readonly CommandSpec[] = []): string {
  const visible = commands.filter(({ isHidden }) => !isHidden)
  return [
    '## ctl',
    'The operator\'s command line. Slaves, instances, tokens and users are named by name or by id; where several can be named, each is reported, and the exit code is that of the first failure.',
    '### Config', 'The master\'s address and the token are taken from the first of these that there is:', configSources.map((source, index) => `${index + 1}. ${source}`).join('\n'),
    '### Global options', optionTable(ctlProgram.options),
    '### Exit codes', exitTable(),
    '### Masters of other makes',
    'With `--dialect base`, or `dialect` in the config, ctl speaks to a master that knows the base dialect of the link only ([guide](../guides/coming-from-clusterio.md)). Such a master has these; all others end with exit code 2 before anything is sent:',
    visible.filter(({ base }) => base).map(baseLine).join('\n'),
    '### Commands', ...[...visible, ...ofPlugins].map(commandSection),
  ].join('\n\n') + '\n'
}

function baseLine({ path, base }: CommandSpec): string {
  const lacks = (base?.lacks ?? []).map((option) => `\`--${option}\``).join(', ')
  return `- \`ctl ${path.join(' ')}\`${lacks === '' ? '' : `, without ${lacks}`}`
}

function commandSection(command: CommandSpec): string {
  const { summary, details, arguments: words, options } = command
  return [
    `#### \`${usageOf(ctlProgram, command)}\``,
    `${summary}.${details === undefined ? '' : ` ${details.replaceAll('\n', ' ')}`}`,
    ...(words.length === 0 ? [] : [table(['Argument', 'Meaning'], words.map((word) => [`\`${word.name}\``, word.summary]))]),
    ...(options.length === 0 ? [] : [optionTable(options)]),
  ].join('\n\n')
}

function optionTable(options: CommandSpec['options']): string {
  return table(['Option', 'Meaning'], options.map((option) => [`\`${optionText(option)}\``, option.summary]))
}

function exitTable(): string {
  const rows = Object.entries(ExitCode).map(([name, code]) => [String(code), exitMeanings[name as keyof typeof ExitCode]])
  return table(['Code', 'Meaning'], [...rows, ['130', 'Interrupted with Ctrl-C.']])
}

function table(titles: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  return [titles, titles.map(() => '---'), ...rows].map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`).join('\n')
}
