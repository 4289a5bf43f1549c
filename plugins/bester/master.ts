import { randomUUID } from 'node:crypto'
import { ClusterError } from '../../lib/plugin.ts'
import type { MasterContext } from '../../lib/plugin.ts'
import { Clients } from './clients.ts'
import { Door } from './door.ts'
import { Executor } from './handlers/executor.ts'
import { inform } from './informer.ts'
import { Logins } from './logins.ts'
import { Programs } from './programs/programs.ts'
import { settingsOf } from './settings.ts'
import type { Config, ListenerSettings } from './settings.ts'

/** Opens the bester door of a master. Throws `invalid_config`, `address_in_use`. */
export async function openBester(context: MasterContext<Config>): Promise<void> {
  const { config, log, cluster, admission } = context
  const directory = await context.dataDirectory()
  const settings = settingsOf(config, directory)
  const clients = new Clients()
  const executor = new Executor({ settings, clients, cluster, log, newId: randomUUID })
  const count = context.counter('messages_total', 'Messages of clients and other servers')
  const door = new Door({
    settings,
    handshakeMs: context.handshakeMs,
    parts: { clients, executor, cluster, logins: new Logins(cluster, admission), isPeer: settings.isPeer, enter: (address) => admission.admit(address) },
    count: () => count(),
  })
  context.on('user_revoked', ({ userId }) => clients.recheck(userId))
  context.gauge('clients', 'Connections that are logged in', () => clients.size)
  context.gauge('connections', 'Open connections', () => door.size)

  const listeners: string[] = []
  if (settings.informer) {
    const parts = { clients, adminInfo: { name: 'Corral', url: context.url }, listeners: () => listeners }
    await open(context, settings.informer, (socket) => door.serveInformer(socket, (body) => inform(parts, body)))
  }
  const programs = new Programs({ programs: settings.programs, directory, informerPath: settings.informer?.address.path, log })
  context.onStop(() => programs.stop())
  await programs.start()
  for (const listener of settings.listeners) {
    const address = await open(context, listener, (socket) => door.serve(socket, listener.kind))
    if (address === undefined) continue
    listeners.push(address)
    log.info(`Bester's clients connect to ${address}`)
  }
}

/** Listens; gives the address as the protocol writes it, or undefined where it can't be had and need not be. */
async function open(context: MasterContext<Config>, { kind, address, isOptional }: ListenerSettings, serve: Parameters<MasterContext<Config>['listen']>[1]): Promise<string | undefined> {
  try {
    const { port } = await context.listen(address, serve, { allowHalfOpen: true })
    if ('path' in address) return `unix://${address.path}`
    return `${kind}://${kind === 'tcp6' ? `[${address.host}]` : address.host}:${port}`
  } catch (error) {
    const known = ClusterError.from(error)
    if (!isOptional || known.code !== 'invalid_config') throw error
    context.log.warn(`${known.message}. Bester goes on without it`)
    return undefined
  }
}
