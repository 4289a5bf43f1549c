import type { Argv } from 'yargs'
import { loadConfig } from '../config/load.ts'
import type { ConfigDefinition } from '../config/definition.ts'
import type { Fields } from '../config/field.ts'
import { configRow, configRows } from '../config/rows.ts'
import type { ConfigRow } from '../config/rows.ts'
import { setConfigField } from '../config/save.ts'
import { runProgram } from './run-program.ts'

/** The commands `config list|show|set` of a program, whose `--config` names the file. */
export function configCommand<A extends { config: string }, F extends Fields>(yargs: Argv<A>, define: (file: string) => Promise<ConfigDefinition<F>>): Argv<A> {
  return yargs.command('config', 'Show and change the config file', (config) => config
    .command('list', 'All fields with their values', (list) => list.option('json', { type: 'boolean', default: false, describe: 'Print JSON' }), (argv) => runProgram(async () => {
      const definition = await define(argv.config)
      print(configRows(definition, await loadConfig(definition, { file: argv.config, env: process.env })), argv.json)
    }))
    .command('show <field>', 'One field', (show) => show.positional('field', { type: 'string', demandOption: true }), (argv) => runProgram(async () => {
      const definition = await define(argv.config)
      const row = configRow(definition, await loadConfig(definition, { file: argv.config, env: process.env }), argv.field)
      process.stdout.write(`${row.field} = ${row.value} (${row.source})\n${row.description}\n`)
    }))
    .command('set <field> <value>', 'Set a field; an empty value unsets it', (set) => set
      .positional('field', { type: 'string', demandOption: true })
      .positional('value', { type: 'string', demandOption: true }), (argv) => runProgram(async () => {
      await setConfigField(await define(argv.config), argv.config, argv.field, argv.value)
    }))
    .demandCommand(1, 'Say what to do with the config: list, show or set'))
}

function print(rows: ConfigRow[], isJson: boolean): void {
  if (isJson) {
    process.stdout.write(`${JSON.stringify(rows, undefined, 2)}\n`)
    return
  }
  const width = Math.max(...rows.map(({ field }) => field.length))
  for (const { field, value, source } of rows) process.stdout.write(`${field.padEnd(width)}  ${value}${source === 'default' ? '  (default)' : ''}\n`)
}
