import type { AddressInfo } from 'node:net'
import type { ChannelSettings } from '../lib/link/channel.ts'
import { messages } from '../lib/link/messages/index.ts'
import { Registry } from '../lib/link/registry.ts'
import type { Logger } from '../lib/log/logger.ts'
import { listen } from '../lib/net/listen.ts'
import type { Store } from '../lib/store/store.ts'
import { corralVersion } from '../lib/version.ts'
import { createCluster } from './cluster.ts'
import { Dispatcher } from './dispatcher.ts'
import { LinkDoor } from './doors/link/door.ts'
import { apiRouter } from './http/api.ts'
import { errorHandler } from './http/errors.ts'
import { createServer } from './http/server.ts'
import type { TlsFiles } from './http/server.ts'
import { Upgrades } from './http/upgrades.ts'
import { createMetrics } from './metrics.ts'
import { TemplateService } from './services/templates.ts'

export interface MasterOptions {
  readonly store: Store
  readonly log: Logger
  readonly bind: string
  /** 0 takes any free port. */
  readonly port: number
  readonly tls: TlsFiles | undefined
  /** How programs on other hosts reach this master, when that is not the address that it binds. */
  readonly publicUrl: string | undefined
  readonly templatesDirectory: string | undefined
  readonly link: ChannelSettings
  readonly limits: {
    readonly messageBytes: number
    readonly handshakeMs: number
    readonly requestsInFlight: number
    readonly followerBufferBytes: number
  }
}

export interface RunningMaster {
  /** The address that it listens on, as a URL. */
  readonly url: string
  /** Says goodbye to all peers and stops listening. The store is its owner's to close. */
  stop(): Promise<void>
}

const goodbyeMs = 500

/** Starts a master on an open store. Throws `address_in_use`, `invalid_config`. */
export async function startMaster(options: MasterOptions): Promise<RunningMaster> {
  const { store, log, bind, port, tls, limits } = options
  const templates = await TemplateService.load(options.templatesDirectory, (problem) => log.warn(problem.message))
  const { server, app } = await createServer(tls)
  await listen(server, { host: bind, port })
  const url = `${tls ? 'https' : 'http'}://${hostOf(bind)}:${(server.address() as AddressInfo).port}`

  const cluster = createCluster({ store, log, templates, url: options.publicUrl ?? url, maxFollowerBufferBytes: limits.followerBufferBytes })
  const registry = new Registry(Object.values(messages))
  const dispatcher = new Dispatcher(cluster, registry, () => door.count('control'))
  const metrics = createMetrics(cluster, (peer) => door.count(peer), log)
  const door: LinkDoor = new LinkDoor({
    cluster, dispatcher, registry,
    observer: metrics.observer,
    settings: options.link,
    maxFrameBytes: limits.messageBytes,
    handshakeDeadlineMs: limits.handshakeMs,
    maxRequestsInFlight: limits.requestsInFlight,
  })
  new Upgrades(server, log).add({ path: '/api/socket', upgrade: (request, socket, head) => door.upgrade(request, socket, head) })

  app.get('/health', (_request, response) => {
    response.json({ status: 'ok', version: corralVersion() })
  })
  app.get('/metrics', async (_request, response) => {
    response.type(metrics.registry.contentType).send(await metrics.registry.metrics())
  })
  app.use(apiRouter({ cluster, dispatcher, registry, observer: metrics.observer, maxBodyBytes: limits.messageBytes }))
  app.use((_request, response) => {
    response.status(404).json({ error: { code: 'not_found', message: 'There is nothing at this address; see /api/openapi.json' } })
  })
  app.use(errorHandler(log))

  return {
    url,
    stop: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      door.close('shutdown')
      cluster.consoles.close()
      const force = setTimeout(() => server.closeAllConnections(), goodbyeMs)
      server.closeIdleConnections()
      await closed
      clearTimeout(force)
    },
  }
}

function hostOf(bind: string): string {
  if (bind === '0.0.0.0') return '127.0.0.1'
  if (bind === '::') return '[::1]'
  return bind.includes(':') ? `[${bind}]` : bind
}
