import type { AddressInfo } from 'node:net'
import type { ChannelSettings } from '../lib/link/channel.ts'
import type { Config } from '../lib/config/load.ts'
import type { Fields } from '../lib/config/field.ts'
import { Directory } from '../lib/hub/directory.ts'
import { Presence } from '../lib/hub/presence.ts'
import { Topics } from '../lib/hub/topics.ts'
import { messages } from '../lib/link/messages/index.ts'
import type { LeftOutPackage } from '../lib/link/messages/plugins.ts'
import { Registry } from '../lib/link/registry.ts'
import type { Logger } from '../lib/log/logger.ts'
import { Admission } from '../lib/net/admission.ts'
import { listen } from '../lib/net/listen.ts'
import { PluginGuard } from '../lib/plugin/guard.ts'
import type { Hub } from '../lib/plugin/master-context.ts'
import { pluginOfCode } from '../lib/plugin/uncaught.ts'
import type { Store } from '../lib/store/store.ts'
import { corralVersion } from '../lib/version.ts'
import { createCluster } from './cluster.ts'
import { Dispatcher } from './dispatcher.ts'
import { LinkDoor } from './doors/link/door.ts'
import { apiRouter } from './http/api.ts'
import { Connections } from './http/connections.ts'
import { errorHandler } from './http/errors.ts'
import { HalfMessages } from './http/half-messages.ts'
import { createServer } from './http/server.ts'
import type { TlsFiles } from './http/server.ts'
import { Upgrades } from './http/upgrades.ts'
import { registerHubFigures } from './hub-figures.ts'
import { createMetrics } from './metrics.ts'
import type { KnownPlugin } from '../lib/plugin/catalogue.ts'
import { answerForMissingPlugins } from './plugins/fixed-replies.ts'
import type { FixedReplies } from './plugins/fixed-replies.ts'
import { PluginHost } from './plugins/host.ts'
import { TemplateService } from './services/templates.ts'

/** What peers may do, the same at every door; `docs/reference/config.md` says what each means. */
export interface MasterLimits {
  readonly messageBytes: number
  readonly slaveMessageBytes: number
  readonly handshakeMs: number
  readonly requestsInFlight: number
  readonly followerBufferBytes: number
  readonly subscriberBufferBytes: number
  readonly unauthenticatedConnections: number
  readonly unauthenticatedBytes: number
  readonly failedLoginsPerMinute: number
  readonly messagesPerSecond: number
}

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
  readonly plugins: readonly KnownPlugin[]
  /** Packages of plugins that can't be used, to be listed. */
  readonly leftOutPackages?: readonly LeftOutPackage[]
  /** The config with the plugins' fields. */
  readonly config: Config<Fields>
  /** Where plugins keep files. */
  readonly dataDirectory: string
  readonly limits: MasterLimits
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
  const { server, app } = await createServer(tls, limits.handshakeMs)
  const admission = new Admission(limits)
  const connections = new Connections(server, admission)
  await listen(server, { host: bind, port })
  const url = `${tls ? 'https' : 'http'}://${hostOf(bind)}:${(server.address() as AddressInfo).port}`

  const cluster = createCluster({ store, log, templates, url: options.publicUrl ?? url, maxFollowerBufferBytes: limits.followerBufferBytes })
  const registry = new Registry(Object.values(messages))
  const dispatcher = new Dispatcher(cluster, registry, () => door.count('control'), () => ({ list: pluginHost.list(), left_out: [...options.leftOutPackages ?? []] }))
  const metrics = createMetrics(cluster, (peer) => door.count(peer), log)
  const door: LinkDoor = new LinkDoor({
    cluster, dispatcher, registry, admission,
    observer: metrics.observer,
    settings: options.link,
    maxFrameBytes: limits.messageBytes,
    maxSlaveFrameBytes: limits.slaveMessageBytes,
    handshakeDeadlineMs: limits.handshakeMs,
    maxRequestsInFlight: limits.requestsInFlight,
    maxMessagesPerSecond: limits.messagesPerSecond,
  })
  const upgrades = new Upgrades(server, { connections, admission, log, halfMessages: new HalfMessages(limits.unauthenticatedBytes, log) })
  upgrades.add({ path: '/api/socket', upgrade: (request, socket, head) => door.upgrade(request, socket, head) })

  app.get('/health', (_request, response) => {
    response.json({ status: 'ok', version: corralVersion() })
  })
  app.get('/metrics', async (_request, response) => {
    response.type(metrics.registry.contentType).send(await metrics.registry.metrics())
  })
  app.use(apiRouter({ cluster, dispatcher, registry, admission, connections, observer: metrics.observer, maxBodyBytes: limits.messageBytes }))
  const hub = createHub(limits.subscriberBufferBytes, log)
  registerHubFigures(hub, metrics.registry)
  const pluginHost: PluginHost = new PluginHost({
    cluster, dispatcher, registry, upgrades, app, admission, hub,
    metrics: metrics.registry,
    config: options.config,
    dataDirectory: options.dataDirectory,
    handshakeMs: limits.handshakeMs,
  }, options.plugins)
  await pluginHost.startAll()
  answerForMissingPlugins(options.config.values['base.plugin_replies'] as FixedReplies, registry, cluster.pluginLink.requests)
  app.use((_request, response) => {
    response.status(404).json({ error: { code: 'not_found', message: 'There is nothing at this address; see /api/openapi.json' } })
  })
  app.use(errorHandler(log))

  return {
    url,
    stop: async () => {
      cluster.hooks.emit('shutdown', {})
      await pluginHost.stopAll()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      door.close('shutdown')
      cluster.consoles.close()
      cluster.tokens.close()
      const force = setTimeout(() => server.closeAllConnections(), goodbyeMs)
      server.closeIdleConnections()
      await closed
      clearTimeout(force)
    },
  }
}

function createHub(maxBufferedBytes: number, log: Logger): Hub {
  // Whoever publishes or comes online has no part in what a listener of another plugin throws.
  const onError = (error: unknown): void => {
    const guard = pluginOfCode(error) ?? PluginGuard.current
    if (guard) guard.failed('listener at the hub', error)
    else log.error('A listener at the hub failed', { error: String(error) })
  }
  return { directory: new Directory(), topics: new Topics({ maxBufferedBytes, onError }), presence: new Presence(onError) }
}

function hostOf(bind: string): string {
  if (bind === '0.0.0.0') return '127.0.0.1'
  if (bind === '::') return '[::1]'
  return bind.includes(':') ? `[${bind}]` : bind
}
