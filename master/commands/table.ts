import type { Arguments } from '../../lib/cli/arguments.ts'
import { helpOptions } from '../../lib/cli/command.ts'
import type { ArgumentSpec, ProgramSpec } from '../../lib/cli/command.ts'
import { configCommands, configFileOf, configOption, jsonOption } from '../../lib/cli/config-commands.ts'
import type { ProgramCommand } from '../../lib/cli/run-command-line.ts'
import { pluginCommands } from './plugin-table.ts'

export const masterProgram: ProgramSpec = {
  name: 'master',
  summary: 'The server that slaves and operators connect to.',
  options: [configOption('master'), ...helpOptions],
}

const linesFile: ArgumentSpec = { name: 'FILE', summary: 'File of JSON lines' }

/** All commands of the master, in the order of the help. */
export const masterCommands: readonly ProgramCommand[] = [
  {
    path: ['bootstrap'],
    summary: 'Make a new cluster: config, database, administrator and join token',
    arguments: [],
    options: [
      { name: 'http-port', value: 'PORT', summary: 'Port to serve on; default 8080' },
      { name: 'bind', value: 'ADDRESS', summary: 'Address to listen on; default 127.0.0.1' },
      { name: 'public-url', value: 'URL', summary: 'How other hosts reach this master' },
      { name: 'data-directory', value: 'DIR', summary: 'Where the database is kept; default `./data`' },
      { ...jsonOption, summary: 'Print the result as JSON' },
    ],
    run: async (args) => {
      const { bootstrap } = await import('./bootstrap.ts')
      await bootstrap({
        config: configFile(args),
        httpPort: args.text('http-port'),
        bind: args.text('bind'),
        publicUrl: args.text('public-url'),
        dataDirectory: args.text('data-directory'),
        json: args.flag('json'),
      })
    },
  },
  {
    path: ['run'],
    summary: 'Run the master',
    arguments: [],
    options: [
      { name: 'http-port', value: 'PORT', summary: 'Port to serve on, instead of the config\'s' },
      { name: 'bind', value: 'ADDRESS', summary: 'Address to listen on, instead of the config\'s' },
      { name: 'tls-cert', value: 'FILE', summary: 'PEM file of the TLS certificate' },
      { name: 'tls-key', value: 'FILE', summary: 'PEM file of the TLS key' },
    ],
    run: async (args) => {
      const { run } = await import('./run.ts')
      await run({
        config: configFile(args),
        httpPort: args.text('http-port'),
        bind: args.text('bind'),
        tlsCert: args.text('tls-cert'),
        tlsKey: args.text('tls-key'),
      })
    },
  },
  {
    path: ['token', 'create'],
    summary: 'Make a token in the database, for who has none left that `ctl` could use',
    details: 'The master must not be running. The token is shown this once; the database keeps only its hash.',
    arguments: [],
    options: [
      { name: 'name', value: 'NAME', summary: 'Whose token it is or what for; default `administrator`' },
      { name: 'role', value: 'ROLE', choices: ['admin', 'viewer'], summary: 'What it may do: admin (default) all, viewer only look' },
      jsonOption,
    ],
    run: async (args) => {
      const { createToken } = await import('./token.ts')
      await createToken({ config: configFile(args), name: args.text('name') ?? 'administrator', role: args.text('role') ?? 'admin', json: args.flag('json') })
    },
  },
  {
    path: ['db', 'export'],
    summary: 'Write the database as JSON lines, to a file or to stdout',
    details: 'The master must not be running.',
    arguments: [{ ...linesFile, isOptional: true }],
    options: [],
    run: async (args) => {
      const { exportDatabase } = await import('./db.ts')
      await exportDatabase({ config: configFile(args), file: args.words('FILE')[0] })
    },
  },
  {
    path: ['db', 'import'],
    summary: 'Read JSON lines into a new database; `-` is stdin',
    arguments: [linesFile],
    options: [],
    run: async (args) => {
      const { importDatabase } = await import('./db.ts')
      await importDatabase({ config: configFile(args), file: args.word('FILE') })
    },
  },
  ...pluginCommands(configFile),
  ...configCommands('master', async (file) => {
    const { loadSetup } = await import('./open.ts')
    return (await loadSetup(file)).definition
  }),
]

function configFile(args: Arguments): string {
  return configFileOf(args, 'master')
}
