import { pluginCommands } from '../../ctl/plugin-commands.ts'
import { cliReference } from '../../ctl/reference.ts'
import { helpOptions, optionText, usageOf } from '../../lib/cli/command.ts'
import type { CommandForm, ProgramSpec } from '../../lib/cli/command.ts'
import { builtInPlugins } from '../../lib/plugin/catalogue.ts'
import { masterCommands, masterProgram } from '../../master/commands/table.ts'
import { slaveCommands, slaveProgram } from '../../slave/commands/table.ts'
import { code, generatedNote, page, table } from './table.ts'

/** The reference of the three programs' command lines. */
export async function cliPage(): Promise<string> {
  const ofPlugins = (await builtInPlugins()).flatMap(({ plugin }) => pluginCommands(plugin))
  return page(
    '# Command line', generatedNote,
    'Three programs: `master` and `slave` run in the background, `ctl` is what operators type. Each has `--help` and `--version`, and all share their [exit codes](errors.md#exit-codes).',
    ...program(masterProgram, masterCommands, 'Its fields: [config](config.md#master).'),
    ...program(slaveProgram, slaveCommands, 'Its fields: [config](config.md#slave). How to join a cluster of another make with it: [guide](../guides/coming-from-clusterio.md).'),
    cliReference(ofPlugins),
  )
}

function program(spec: ProgramSpec, commands: readonly CommandForm[], links: string): string[] {
  const usages = commands.map((command) => [usageOf(spec, command), [`${command.summary}.`, command.details ?? ''].join(' ').trim()] as const)
  const options = [
    ...spec.options.filter((option) => !helpOptions.includes(option)).map((option) => [optionText(option), `${option.summary}.`] as const),
    ...commands.flatMap(({ path, options: own }) => own.map((option) => [[...path, optionText(option)].join(' '), `${option.summary}.`] as const)),
  ]
  return [`## ${spec.name}`, `${spec.summary} ${links}`, rowsTable('Command', usages), rowsTable('Option', options)]
}

function rowsTable(title: string, rows: ReadonlyArray<readonly [usage: string, meaning: string]>): string {
  return table([title, 'Meaning'], rows.map(([usage, meaning]) => [code(usage), meaning]))
}
