import { configFileName } from '../config/definition.ts'
import type { ConfigDefinition, Program } from '../config/definition.ts'
import type { Fields } from '../config/field.ts'
import { loadConfig } from '../config/load.ts'
import { configRow, configRows } from '../config/rows.ts'
import type { ConfigRow } from '../config/rows.ts'
import { setConfigField } from '../config/save.ts'
import type { Arguments } from './arguments.ts'
import type { ArgumentSpec, OptionSpec } from './command.ts'
import type { ProgramCommand } from './run-command-line.ts'

const field: ArgumentSpec = { name: 'FIELD', summary: 'Name of the field' }

/** For commands that list things. */
export const jsonOption: OptionSpec = { name: 'json', summary: 'Print JSON' }

/** The option `--config` of a program. */
export function configOption(program: Program): OptionSpec {
  return { name: 'config', value: 'FILE', summary: `Config file; default \`${configFileName(program)}\`` }
}

/** The config file that a command line means. */
export function configFileOf(args: Arguments, program: Program): string {
  return args.text('config') ?? configFileName(program)
}

/** The commands `config list|show|set` of a program. `define` gives the fields that the config of a file has. */
export function configCommands<F extends Fields>(program: Program, define: (file: string) => Promise<ConfigDefinition<F>>): readonly ProgramCommand[] {
  const open = async (args: Arguments) => {
    const file = configFileOf(args, program)
    return { file, definition: await define(file) }
  }
  return [
    {
      path: ['config', 'list'],
      summary: 'All fields with their values',
      arguments: [],
      options: [jsonOption],
      run: async (args) => {
        const { file, definition } = await open(args)
        const config = await loadConfig(definition, { file, env: process.env })
        warn(config.warnings)
        print(configRows(definition, config), args.flag('json'))
      },
    },
    {
      path: ['config', 'show'],
      summary: 'One field: its value, where that comes from, what it means',
      arguments: [field],
      options: [],
      run: async (args) => {
        const { file, definition } = await open(args)
        const row = configRow(definition, await loadConfig(definition, { file, env: process.env }), args.word('FIELD'))
        process.stdout.write(`${row.field} = ${row.value} (${row.source})\n${row.description}\n`)
      },
    },
    {
      path: ['config', 'set'],
      summary: 'Set a field in the config file; an empty value unsets it',
      arguments: [field, { name: 'VALUE', summary: 'The new value' }],
      options: [],
      run: async (args) => {
        const { file, definition } = await open(args)
        await setField(definition, file, args.word('FIELD'), args.word('VALUE'))
      },
    },
  ]
}

async function setField<F extends Fields>(definition: ConfigDefinition<F>, file: string, name: string, value: string): Promise<void> {
  await setConfigField(definition, file, name, value)
  const { values, warnings } = await loadConfig(definition, { file, env: {} })
  const conflict = definition.conflict(values)
  warn([...warnings, ...(conflict === undefined ? [] : [`${conflict}, or the ${definition.program} will not start`])])
  process.stdout.write(`${name} is ${value === '' ? 'unset' : 'set'} in ${file}; it takes effect when the ${definition.program} is started again\n`)
}

function warn(warnings: readonly string[]): void {
  for (const warning of warnings) process.stderr.write(`Warning: ${warning}\n`)
}

function print(rows: ConfigRow[], isJson: boolean): void {
  if (isJson) {
    process.stdout.write(`${JSON.stringify(rows, undefined, 2)}\n`)
    return
  }
  const width = Math.max(...rows.map(({ field }) => field.length))
  for (const { field, value, source } of rows) process.stdout.write(`${field.padEnd(width)}  ${value}${source === 'default' ? '  (default)' : ''}\n`)
}
