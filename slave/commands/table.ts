import type { Arguments } from '../../lib/cli/arguments.ts'
import { helpOptions } from '../../lib/cli/command.ts'
import type { OptionSpec, ProgramSpec } from '../../lib/cli/command.ts'
import { configCommands, configFileOf, configOption, jsonOption } from '../../lib/cli/config-commands.ts'
import type { ProgramCommand } from '../../lib/cli/run-command-line.ts'
import { dialects } from '../../lib/config/dialect-field.ts'
import type { Dialect } from '../../lib/link/channel.ts'

export const slaveProgram: ProgramSpec = {
  name: 'slave',
  summary: 'Runs and watches the game servers of one host.',
  options: [configOption('slave'), ...helpOptions],
}

const dialectOption: OptionSpec = { name: 'dialect', value: 'DIALECT', choices: dialects, summary: 'How the master is spoken to, instead of the config\'s: session, or base for one of another make' }

/** All commands of the slave, in the order of the help. */
export const slaveCommands: readonly ProgramCommand[] = [
  {
    path: ['join'],
    summary: 'Become a slave of a cluster: writes the config file',
    details: 'The join token comes from `ctl slave invite`; in the command line others on this host can see it. Left out, it is taken from `CORRAL_JOIN_TOKEN` or asked for at the terminal.',
    arguments: [
      { name: 'URL', summary: 'Address of the master' },
      { name: 'TOKEN', summary: 'Join token; with --dialect base the slave\'s own token', isOptional: true },
    ],
    options: [
      { name: 'token-stdin', summary: 'Read the join token from stdin' },
      { name: 'name', value: 'NAME', summary: 'Name of the slave; default: the host\'s name' },
      { name: 'label', value: 'KEY=VALUE', isMany: true, summary: 'A label of the slave; may be repeated' },
      { name: 'data-directory', value: 'DIR', summary: 'Where instances are kept; default `./slave-data`' },
      { name: 'tls-ca', value: 'FILE', summary: 'PEM file of the certificate authority to trust' },
      { ...dialectOption, summary: 'base: join a cluster of another make, whose master is not asked; TOKEN is the slave\'s own then' },
      { name: 'id', value: 'ID', summary: 'With --dialect base: id of the slave in that cluster' },
    ],
    run: async (args) => {
      const { join } = await import('./join.ts')
      await join({
        config: configFile(args),
        url: args.word('URL'),
        token: args.words('TOKEN')[0],
        tokenStdin: args.flag('token-stdin'),
        name: args.text('name'),
        label: args.list('label'),
        dataDirectory: args.text('data-directory'),
        tlsCa: args.text('tls-ca'),
        dialect: dialect(args),
        id: args.integer('id', { min: Number.MIN_SAFE_INTEGER }),
      })
    },
  },
  {
    path: ['run'],
    summary: 'Run the slave',
    arguments: [],
    options: [
      { name: 'data-directory', value: 'DIR', summary: 'Where instances are kept, instead of the config\'s' },
      dialectOption,
      { name: 'run-as', value: 'USER', summary: 'System user that games run as when the slave is root' },
      { name: 'stop-games-on-exit', summary: 'Stop the games with the slave; they start again with it' },
    ],
    run: async (args) => {
      const { run } = await import('./run.ts')
      await run({
        config: configFile(args),
        dataDirectory: args.text('data-directory'),
        dialect: dialect(args),
        runAs: args.text('run-as'),
        stopGamesOnExit: args.flag('stop-games-on-exit'),
      })
    },
  },
  {
    path: ['plugin', 'list'],
    summary: 'The packages of plugins that are installed here; those that come with Corral need not be',
    arguments: [],
    options: [jsonOption],
    run: async (args) => {
      const { listPlugins } = await import('./plugin.ts')
      await listPlugins({ config: configFile(args), json: args.flag('json') })
    },
  },
  {
    path: ['plugin', 'install'],
    summary: 'Install a plugin from npm, a folder or an archive, when it has a part for slaves or instances',
    arguments: [{ name: 'PACKAGE', summary: 'Name of the package, or a path' }],
    options: [],
    run: async (args) => {
      const { installPlugin } = await import('./plugin.ts')
      await installPlugin({ config: configFile(args), package: args.word('PACKAGE') })
    },
  },
  {
    path: ['plugin', 'uninstall'],
    summary: 'Take an installed plugin away',
    details: 'What it keeps in files stays. A slave that runs has the plugin until it is started again.',
    arguments: [{ name: 'NAME', summary: 'Name of the plugin, or of a package that can\'t be loaded; `slave plugin list` shows it' }],
    options: [],
    run: async (args) => {
      const { uninstallPlugin } = await import('./plugin.ts')
      await uninstallPlugin({ config: configFile(args), name: args.word('NAME') })
    },
  },
  ...configCommands('slave', async () => (await import('../config.ts')).slaveConfig),
]

function configFile(args: Arguments): string {
  return configFileOf(args, 'slave')
}

function dialect(args: Arguments): Dialect | undefined {
  return args.text('dialect') as Dialect | undefined
}
