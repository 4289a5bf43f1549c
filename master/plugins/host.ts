import { createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { chmod, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Express, Router } from 'express'
import { Counter, Gauge } from 'prom-client'
import type { Registry as MetricsRegistry } from 'prom-client'
import { sectionValues } from '../../lib/config/load.ts'
import type { Config } from '../../lib/config/load.ts'
import type { Fields } from '../../lib/config/field.ts'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import type { Registry } from '../../lib/link/registry.ts'
import type { Admission } from '../../lib/net/admission.ts'
import { listen } from '../../lib/net/listen.ts'
import type { Plugin } from '../../lib/plugin/definition.ts'
import type { Hub, MasterContext } from '../../lib/plugin/master-context.ts'
import type { Cluster } from '../cluster.ts'
import type { Dispatcher } from '../dispatcher.ts'
import type { Upgrades } from '../http/upgrades.ts'
import { clusterView } from './cluster-view.ts'

export interface PluginHostParts {
  readonly cluster: Cluster
  readonly dispatcher: Dispatcher
  readonly registry: Registry
  readonly metrics: MetricsRegistry
  readonly hub: Hub
  readonly admission: Admission
  readonly upgrades: Upgrades
  readonly app: Express
  readonly dataDirectory: string
  /** The master's config, with the plugins' fields. */
  readonly config: Config<Fields>
}

type Undo = () => unknown

/** Runs the plugins of a master. One that fails is reported and undone; the others and the master go on. */
export class PluginHost {
  readonly #parts: PluginHostParts
  readonly #running = new Map<string, Undo[]>()

  constructor(parts: PluginHostParts) {
    this.#parts = parts
  }

  get running(): string[] {
    return [...this.#running.keys()]
  }

  /** Starts a plugin; false when it failed, which is in the log then. */
  async start(plugin: Plugin): Promise<boolean> {
    const { cluster: { log }, registry } = this.#parts
    const undo: Undo[] = []
    this.#running.set(plugin.name, undo)
    try {
      for (const definition of plugin.messages ?? []) undo.push(registry.add(definition))
      await plugin.master?.(this.#context(plugin, undo))
      const unanswered = (plugin.messages ?? []).filter((definition) => definition.kind === 'request'
        && definition.routes.includes('control-master') && definition.forward === undefined && !this.#parts.dispatcher.handlers.has(definition.type))
      if (unanswered.length > 0) throw new ClusterError('internal', `no handler for ${unanswered.map(({ type }) => type).join(', ')}`)
      log.info(`Plugin ${plugin.name} ${plugin.version} runs`)
      return true
    } catch (error) {
      log.error(`Plugin ${plugin.name} could not be started: ${error instanceof Error ? error.message : String(error)}`)
      await this.stop(plugin.name)
      return false
    }
  }

  /** Undoes all that a plugin has registered, last first. */
  async stop(name: string): Promise<void> {
    const undo = this.#running.get(name)
    this.#running.delete(name)
    for (const step of (undo ?? []).toReversed()) {
      try {
        await step()
      } catch (error) {
        this.#parts.cluster.log.error(`Plugin ${name} could not be stopped cleanly: ${String(error)}`)
      }
    }
  }

  async stopAll(): Promise<void> {
    for (const name of this.running.toReversed()) await this.stop(name)
  }

  #context({ name, config = {} }: Plugin, undo: Undo[]): MasterContext<never> {
    const { cluster, dispatcher, registry, metrics, hub, admission, upgrades, app, dataDirectory, config: all } = this.#parts
    const log = cluster.log.child({ plugin: name })
    const directory = join(dataDirectory, 'plugins', name)
    const figure = (text: string): string => `corral_${name.replaceAll('-', '_')}_${text}`
    const context: MasterContext<unknown> = {
      config: sectionValues(all, name, config),
      log, hub, admission,
      url: cluster.url,
      cluster: clusterView(cluster, dispatcher, registry, (step) => undo.push(step)),
      dataDirectory: async () => {
        await mkdir(directory, { recursive: true, mode: 0o700 })
        return directory
      },
      collection: (collection) => cluster.store.collection(`plugin.${name}.${collection}`),
      route: (path, router) => undo.push(mount(app, path, router)),
      webSocket: (door) => undo.push(upgrades.add(door)),
      listen: async (address, onConnection) => {
        const { server, close } = serve(onConnection, (error) => log.error('A connection could not be served', { error: String(error) }))
        undo.push(close)
        if (!('path' in address)) return { port: (await listen(server, address)).port }
        await rm(address.path, { force: true })
        await listen(server, address)
        await chmod(address.path, 0o600)
        return { port: undefined }
      },
      answer: (definition, handler) => {
        undo.push(dispatcher.handlers.add(definition.type, (data, { caller }) => handler(data as never, caller)))
      },
      on: (hook, listener) => undo.push(cluster.hooks.on(hook, listener)),
      gauge: (text, help, read) => {
        new Gauge({ name: figure(text), help, registers: [metrics], collect() { this.set(read()) } })
        undo.push(() => metrics.removeSingleMetric(figure(text)))
      },
      counter: (text, help) => {
        const counter = new Counter({ name: figure(text), help, registers: [metrics] })
        undo.push(() => metrics.removeSingleMetric(figure(text)))
        return (by = 1) => counter.inc(by)
      },
      onStop: (stop) => undo.push(stop),
    }
    return context as MasterContext<never>
  }
}

/** Mounts a router so that it can be taken away: express itself knows no way back. */
function mount(app: Express, path: string, router: Router): Undo {
  const holder: { router: Router | undefined } = { router }
  app.use(path, (request, response, next) => {
    if (holder.router) holder.router(request, response, next)
    else next()
  })
  return () => { holder.router = undefined }
}

function serve(onConnection: (socket: Socket) => void, onError: (error: unknown) => void): { server: Server; close: Undo } {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
    try {
      onConnection(socket)
    } catch (error) {
      onError(error)
      socket.destroy()
    }
  })
  return {
    server,
    close: () => new Promise<void>((resolve) => {
      server.close(() => resolve())
      for (const socket of sockets) socket.destroy()
    }),
  }
}
