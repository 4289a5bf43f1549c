import { Pressure } from '../../lib/plugin.ts'
import type { MasterContext } from '../../lib/plugin.ts'
import { Catalogue } from './catalogue.ts'
import type { Client } from './client.ts'
import { ClusterServices } from './cluster/services.ts'
import { consolePage } from './console-page.ts'
import { Door, socketPath } from './door.ts'
import { ExternalService } from './external/service.ts'
import { limits } from './limits.ts'
import { ServiceIds } from './service-ids.ts'
import { checkProviders } from './settings.ts'
import type { GatewayConfig } from './settings.ts'
import { Switchboard } from './switchboard.ts'

const pagePath = '/gateway/console'

/** Opens the door: the WebSocket at `/gateway` and the page at `/gateway/console`. Throws `invalid_config`. */
export async function openGateway(context: MasterContext<GatewayConfig>): Promise<void> {
  const { config, cluster, hub: { topics }, admission, log, counter, gauge, onStop } = context
  checkProviders(config.providers)
  checkSecret(context)
  const page = await consolePage()
  const ids = new ServiceIds(context.collection('services'))
  const catalogue = new Catalogue(topics)
  onStop(() => catalogue.close())
  const pressure = new Pressure<Client>(topics.maxBufferedBytes)
  onStop(() => pressure.close())
  const timeoutMs = config.request_timeout_ms

  const inCluster = new ClusterServices({ context, timeoutMs, log, rules: { cluster, admission, secret: config.secret } }, catalogue, ids)
  onStop(() => inCluster.close())
  await inCluster.open()

  const ignored = counter('ignored_frames_total', 'Frames of providers that were garbage or for nobody')
  const backoffCapMs = config.providers.length > limits.shortList ? limits.longBackoffCapMs : limits.backoffCapMs
  for (const setting of config.providers) {
    const id = await ids.assign(`external:${setting.name}`)
    const service = new ExternalService({ id, setting, backoffCapMs, timeoutMs, topics, pressure, log, ignored, changed: () => catalogue.changed() })
    onStop(() => service.close())
    catalogue.add(service)
  }

  const door = new Door({
    admission, catalogue, topics, pressure, log, origins: config.origins,
    switchboard: new Switchboard(catalogue, counter('requests_total', 'Requests of clients')),
  })
  gauge('connections', 'Open connections of clients', () => door.connections)
  gauge('services', 'Services that are listed', () => catalogue.size)
  context.route(pagePath, page)
  // Undone in reverse: nobody comes in any more, then the clients go, of which the providers are told.
  onStop(() => door.close())
  context.webSocket(door)
  context.webSocket({ path: `${socketPath}/`, upgrade: (request, socket, head) => door.upgrade(request, socket, head) })
  log.info(`The gateway is at ${context.url.replace(/^http/, 'ws')}${socketPath}, its page at ${context.url}${pagePath}`)
}

/** A secret that is no token is no error: the token may have been revoked, which must not close the door. */
function checkSecret({ config: { secret }, cluster, log }: MasterContext<GatewayConfig>): void {
  if (secret === undefined) return
  try {
    cluster.authenticate(secret)
  } catch {
    log.warn('gateway.secret is no token of this cluster that is in force: no proof will be accepted; set it to one that `ctl token create` prints')
  }
}
