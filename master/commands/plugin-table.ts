import type { Arguments } from '../../lib/cli/arguments.ts'
import type { ArgumentSpec } from '../../lib/cli/command.ts'
import { jsonOption } from '../../lib/cli/config-commands.ts'
import type { ProgramCommand } from '../../lib/cli/run-command-line.ts'

const name: ArgumentSpec = { name: 'NAME', summary: 'Name of the plugin; `master plugin list` shows it' }

/** `master plugin …`; `configFile` gives the config file that a command line means. */
export const pluginCommands = (configFile: (args: Arguments) => string): readonly ProgramCommand[] => [
  {
    path: ['plugin', 'list'],
    summary: 'All plugins that can run here, with the last failure of each',
    details: 'Also says for which the running master must be started again: those that were enabled, disabled or installed since.',
    arguments: [],
    options: [jsonOption],
    run: async (args) => {
      const { listPlugins } = await import('./plugin-list.ts')
      await listPlugins({ config: configFile(args), json: args.flag('json') })
    },
  },
  {
    path: ['plugin', 'enable'],
    summary: 'Let a plugin run from the next `master run` on',
    arguments: [name],
    options: [],
    run: async (args) => {
      const { setPluginEnabled } = await import('./plugin.ts')
      await setPluginEnabled({ config: configFile(args), name: args.word('NAME') }, true)
    },
  },
  {
    path: ['plugin', 'disable'],
    summary: 'Let a plugin run no more from the next `master run` on',
    arguments: [name],
    options: [],
    run: async (args) => {
      const { setPluginEnabled } = await import('./plugin.ts')
      await setPluginEnabled({ config: configFile(args), name: args.word('NAME') }, false)
    },
  },
  {
    path: ['plugin', 'install'],
    summary: 'Install a plugin from npm, a folder or an archive',
    arguments: [{ name: 'PACKAGE', summary: 'Name of the package, or a path' }],
    options: [],
    run: async (args) => {
      const { installPlugin } = await import('./plugin.ts')
      await installPlugin({ config: configFile(args), package: args.word('PACKAGE') })
    },
  },
  {
    path: ['plugin', 'uninstall'],
    summary: 'Take an installed plugin away, with its fields in the config',
    details: 'What it kept in the database stays. A master that runs has the plugin until it is started again.',
    arguments: [{ ...name, summary: 'Name of the plugin, or of a package that is left out; `master plugin list` shows it' }],
    options: [],
    run: async (args) => {
      const { uninstallPlugin } = await import('./plugin.ts')
      await uninstallPlugin({ config: configFile(args), name: args.word('NAME') })
    },
  },
]
