import { readWords } from '../lib/cli/parse.ts'
import { usageError } from '../lib/cli/usage-error.ts'
import { builtInPlugin, builtInPlugins, installedPackages, installedPlugins } from '../lib/plugin/catalogue.ts'
import type { KnownPlugin } from '../lib/plugin/catalogue.ts'
import type { CtlContext } from '../lib/plugin/ctl-command.ts'
import type { Plugin } from '../lib/plugin/definition.ts'
import { ctlProgram } from './command.ts'
import type { CommandSpec } from './command.ts'
import type { Connection, Listener } from './connection.ts'
import type { Context } from './context.ts'
import { packagesDirectories } from './plugin-directories.ts'
import type { SettingsQuery } from './settings.ts'

/** The commands with those of the plugin that a command line names, or of all where it asks for `ctl plugin`. Throws a usage error for a plugin without commands. */
export async function withPluginCommands(commands: readonly CommandSpec[], argv: readonly string[], env: SettingsQuery['env']): Promise<readonly CommandSpec[]> {
  const { words: [group, name], config } = readWords(argv, ctlProgram, commands)
  if (group !== 'plugin' || commands.some(({ path }) => path[0] === group && path[1] === name)) return commands
  const query = { config, env }
  const plugin = name === undefined ? undefined : await findPlugin(name, query)
  if (plugin?.ctl?.length === 0 || (plugin && !plugin.ctl)) throw usageError(`The plugin ${plugin.name} has no commands for ctl`)
  return [...commands, ...plugin ? pluginCommands(plugin) : await allPluginCommands(query)]
}

/** The commands of all plugins that ctl knows. */
export async function allPluginCommands(query: SettingsQuery): Promise<CommandSpec[]> {
  return [...await builtInPlugins(), ...await packagedPlugins(query)].flatMap(({ plugin }) => pluginCommands(plugin))
}

async function findPlugin(name: string, query: SettingsQuery): Promise<Plugin | undefined> {
  const known = await builtInPlugin(name) ?? (await packagedPlugins(query)).find(({ plugin }) => plugin.name === name)
  return known?.plugin
}

async function packagedPlugins(query: SettingsQuery): Promise<KnownPlugin[]> {
  const found = new Map<string, KnownPlugin>()
  for (const directory of await packagesDirectories(query)) {
    // A package that can't be loaded must not keep the others from being used; `ctl plugin NAME` says that it is not there.
    for (const known of await installedPlugins(directory, Object.keys(await installedPackages(directory)), () => {})) {
      if (!found.has(known.plugin.name)) found.set(known.plugin.name, known)
    }
  }
  return [...found.values()]
}

/** A plugin's commands as ctl's own table has them. */
export function pluginCommands({ name, ctl = [] }: Plugin): CommandSpec[] {
  return ctl.map(({ path, summary, details, arguments: words = [], options = [], run }) => ({
    path: ['plugin', name, ...path],
    summary, options,
    ...(details === undefined ? {} : { details }),
    arguments: words,
    load: async () => ({ run: (context) => run(ctlContext(context)) }),
  }))
}

function ctlContext(context: Context): CtlContext {
  const { args, output } = context
  const listeners: Listener[] = []
  let connecting: Promise<Connection> | undefined
  const connection = (): Promise<Connection> => connecting ??= context.connect({ listeners })
  return {
    args,
    send: async (definition, data) => (await connection()).send(definition, data),
    emit: async (definition, data) => (await connection()).emit(definition, data),
    accept: (definition, listener) => { listeners.push({ definition, take: (data) => listener(data as never) }) },
    instance: async (word) => {
      const { findInstance } = await import('./commands/instance/find.ts')
      return findInstance(await connection(), word)
    },
    slave: async (word) => {
      const [{ listSlaves }, { resolve }] = await Promise.all([import('../lib/link/messages/slaves.ts'), import('./resolve.ts')])
      return resolve('slave', (await (await connection()).send(listSlaves, {})).list, word)
    },
    print: (value, text) => output.data(value, text),
    printList: (rows, columns, empty) => output.list(rows, columns, empty),
    note: (text) => context.note(text),
    fail: (error, subject) => context.fail(error, subject),
  }
}
