import { Pressure } from '../../lib/plugin.ts'
import type { MasterContext } from '../../lib/plugin.ts'
import type { Client } from './client.ts'
import { Door, socketPath } from './door.ts'
import { Depot } from './files/depot.ts'
import { fileRouter } from './files/router.ts'
import { Groups } from './groups.ts'
import { Hall } from './hall.ts'
import { Instances } from './instances.ts'
import { Requests } from './requests.ts'
import { Roster } from './roster.ts'
import { dialects } from './wire/dialect.ts'
import type { DialectName } from './wire/dialect.ts'

export interface ConciergeConfig {
  readonly dialect: DialectName
  readonly secret: string | undefined
  readonly instances: boolean
  readonly message_bytes: number
  readonly list_bytes: number
  readonly heartbeat_ms: number
  readonly max_file_bytes: number
  readonly max_total_bytes: number
}

/** Opens the door: the WebSocket at `/ws` and the file server at `/fs`. */
export async function openConcierge(context: MasterContext<ConciergeConfig>): Promise<void> {
  const { config, cluster, hub, admission, log, gauge, counter, onStop } = context
  const dialect = dialects[config.dialect]
  const pressure = new Pressure<Client>(hub.topics.maxBufferedBytes)
  const roster = new Roster(hub)
  const groups = new Groups(hub, roster, dialect, config.list_bytes)
  const depot = await Depot.open(await context.dataDirectory(), {
    maxFileBytes: config.max_file_bytes,
    maxTotalBytes: config.max_total_bytes,
    onProblem: (error) => log.warn('A file could not be removed', { error: String(error) }),
  })
  const hall = new Hall(roster, groups, ({ uuid, name }) => {
    depot.forget(uuid)
    instances?.nameFreed(name)
  })
  groups.create('chat', 'Chat Channel')
  const instances: Instances | undefined = config.instances ? new Instances(context, hall) : undefined

  const countMessage = counter('messages_total', 'Messages that clients had relayed')
  const requests = new Requests({ hall, dialect, pressure, instances, log, countMessage, maxListBytes: config.list_bytes })
  const door = new Door({
    hall, requests, pressure, log, admission,
    rules: { secret: config.secret === '' ? undefined : config.secret, instances: config.instances, cluster, admission },
    maxMessageBytes: config.message_bytes,
    heartbeatMs: config.heartbeat_ms,
  })
  gauge('connections', 'Open connections', () => door.connections)
  gauge('file_bytes', 'Bytes on the file server', () => depot.usedBytes)

  // Undone in reverse: nobody comes in any more, then the connections close, then names and files go.
  onStop(() => {
    pressure.close()
    for (const member of roster.list()) roster.remove(member)
    return depot.close()
  })
  cluster.onRevoked((tokenId) => door.revoked(tokenId))
  context.route('/fs', fileRouter({ depot, roster, log }))
  onStop(() => door.close())
  context.webSocket(door)
  log.info(`The concierge is at ${context.url.replace(/^http/, 'ws')}${socketPath}, its file server at ${context.url}/fs`)
}
