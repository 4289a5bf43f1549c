import type { InstanceInfo, MasterContext } from '../../lib/plugin.ts'
import { relayed, Speaker, takesPart } from './chat.ts'
import type { Config } from './chat.ts'
import { say } from './messages.ts'

/** Passes what a player says on to every other running game whose template knows how to say something. */
export function relayChat({ config, cluster, log, on, answer, counter }: MasterContext<Config>): void {
  const lines = counter('lines_total', 'Chat lines passed on to another game')
  const speaker = new Speaker((instanceId, line) => cluster.send(instanceId, line))

  /** False where the game can't be told, or has too much to say already. */
  async function tell(instance: InstanceInfo, text: string): Promise<boolean> {
    const line = cluster.sayCommand(instance.id, text)
    return line !== undefined && await speaker.say(instance.id, line)
  }

  on('chat', ({ instance, player, text }) => {
    const said = relayed(config, instance, player, text)
    if (said === undefined) return
    for (const other of cluster.instances()) {
      if (other.id === instance.id || !takesPart(config, other)) continue
      tell(other, said).then(
        (isTold) => { if (isTold) lines() },
        (error: unknown) => log.debug(`${other.name} did not take a chat line`, { error: String(error) }),
      )
    }
  })

  answer(say, async ({ text }) => {
    const said: string[] = []
    const failed: Array<{ instance: string; message: string }> = []
    await Promise.all(cluster.instances().filter((instance) => takesPart(config, instance)).map(async (instance) => {
      try {
        if (await tell(instance, text)) said.push(instance.name)
        else failed.push({ instance: instance.name, message: 'its console can\'t say anything now' })
      } catch (error) {
        failed.push({ instance: instance.name, message: error instanceof Error ? error.message : String(error) })
      }
    }))
    return { said: said.sort(), failed }
  })
}
