import type { InstanceInfo, MasterContext } from '../../lib/plugin.ts'

interface Config {
  readonly format: string
  readonly instances: readonly string[]
}

/** Lines that wait to be said in one game; beyond it the newest are left out, for old chat is worth more than a flood. */
const maxWaiting = 20

/** Passes what a player says on to every other running game whose template knows how to say something. */
export function relayChat({ config, cluster, log, on, counter }: MasterContext<Config>): void {
  const relayed = counter('lines_total', 'Chat lines passed on to another game')
  const waiting = new Map<number, number>()

  function takesPart({ name, status }: InstanceInfo): boolean {
    return status === 'running' && (config.instances.length === 0 || config.instances.includes(name))
  }

  async function say(instance: InstanceInfo, text: string): Promise<void> {
    const line = cluster.sayCommand(instance.id, text)
    const ahead = waiting.get(instance.id) ?? 0
    if (line === undefined || ahead >= maxWaiting) return
    waiting.set(instance.id, ahead + 1)
    try {
      await cluster.send(instance.id, line)
      relayed()
    } catch (error) {
      log.debug(`${instance.name} did not take a chat line`, { error: String(error) })
    } finally {
      const left = (waiting.get(instance.id) ?? 1) - 1
      if (left > 0) waiting.set(instance.id, left)
      else waiting.delete(instance.id)
    }
  }

  on('chat', ({ instance, player, text }) => {
    // What the console says, this plugin included, is printed as chat too: passed on, it would go round for ever.
    if (!instance.players.includes(player) || !takesPart(instance)) return
    const said = config.format.replaceAll(/\{(instance|player|text)\}/g, (_whole, field: string) => (
      field === 'instance' ? instance.name : field === 'player' ? player : text
    ))
    for (const other of cluster.instances()) {
      if (other.id !== instance.id && takesPart(other)) void say(other, said)
    }
  })
}
