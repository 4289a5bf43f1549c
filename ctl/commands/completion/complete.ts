import type { CommandSpec } from '../../command.ts'
import type { Connection } from '../../connection.ts'
import type { Context } from '../../context.ts'
import type { SettingsQuery } from '../../settings.ts'
import { candidates } from './candidates.ts'

/** What `ctl completion`'s scripts call: `ctl complete -- WORD...` */
export async function complete({ args, env, connect, output }: Context, commands: readonly CommandSpec[]): Promise<void> {
  const words = args.words('WORD')
  const known = words[0] === 'plugin' ? [...commands, ...await commandsOfPlugins({ config: undefined, env })] : commands
  const found = candidates(words, known)
  const names = typeof found === 'object' ? found : found === 'file' ? ['FILES'] : await namesOf(await connect(), found)
  await output.write(names.map((name) => `${name}\n`).join(''))
}

async function commandsOfPlugins(query: SettingsQuery): Promise<CommandSpec[]> {
  const { allPluginCommands } = await import('../../plugin-commands.ts')
  return allPluginCommands(query)
}

async function namesOf(master: Connection, what: 'instance' | 'slave' | 'template'): Promise<string[]> {
  if (what === 'slave') {
    const { listSlaves } = await import('../../../lib/link/messages/slaves.ts')
    return (await master.send(listSlaves, {})).list.map(({ name }) => name)
  }
  if (what === 'template') {
    const { listTemplates } = await import('../../../lib/link/messages/cluster.ts')
    return (await master.send(listTemplates, {})).list.map(({ id }) => id)
  }
  const { listInstances } = await import('../../../lib/link/messages/instances.ts')
  return (await master.send(listInstances, {})).list.map(({ name }) => name)
}
