import type { SlaveContext } from '../../lib/plugin.ts'
import { relayed, Speaker, takesPart } from './chat.ts'
import type { Config } from './chat.ts'

/** While the master is away, passes what players say on between the games of this host: the master does it for all hosts. */
export function relayAlone({ config, log, hasMaster, instances, sendLine, sayCommand, on }: SlaveContext<Config>): void {
  const speaker = new Speaker(sendLine)

  on('chat', ({ instance, player, text }) => {
    const said = hasMaster() ? undefined : relayed(config, instance, player, text)
    if (said === undefined) return
    for (const other of instances()) {
      const line = other.id === instance.id || !takesPart(config, other) ? undefined : sayCommand(other.id, said)
      if (line === undefined) continue
      speaker.say(other.id, line).catch((error: unknown) => log.debug(`${other.name} did not take a chat line`, { error: String(error) }))
    }
  })
}
