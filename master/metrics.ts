import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { LinkObserver } from '../lib/link/link.ts'
import type { Logger } from '../lib/log/logger.ts'
import type { Cluster } from './cluster.ts'
import { LinkFigures } from './link-figures.ts'

export interface MasterMetrics {
  readonly registry: Registry
  readonly observer: LinkObserver
}

/** Figures for Prometheus. All are read from this process's memory: a scrape waits for nobody. */
export function createMetrics(cluster: Cluster, countLinks: (peer: 'slave' | 'control') => number, log: Logger): MasterMetrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })

  const figures = new LinkFigures()
  figures.register(registry)

  new Gauge({
    name: 'corral_links', help: 'Open links by kind of peer', labelNames: ['peer'], registers,
    collect() {
      for (const peer of ['slave', 'control'] as const) this.set({ peer }, countLinks(peer))
    },
  })
  new Gauge({
    name: 'corral_slaves', help: 'Slaves by whether they are connected', labelNames: ['connected'], registers,
    collect() {
      const total = cluster.slaves.list().length
      const connected = cluster.slaves.connectedCount
      this.set({ connected: 'true' }, connected)
      this.set({ connected: 'false' }, total - connected)
    },
  })
  new Gauge({
    name: 'corral_instances', help: 'Instances by actual status', labelNames: ['status'], registers,
    collect() {
      for (const status of ['stopped', 'starting', 'running', 'stopping', 'crashed', 'unknown']) this.set({ status }, 0)
      // Counted first: the labels cost more than the counting.
      const counts = new Map<string, number>()
      for (const record of cluster.instances.list()) {
        const { status } = cluster.instances.state(record)
        counts.set(status, (counts.get(status) ?? 0) + 1)
      }
      for (const [status, count] of counts) this.set({ status }, count)
    },
  })
  new Gauge({
    name: 'corral_players', help: 'Players in running games, as the consoles tell', registers,
    collect() {
      this.set(cluster.instances.list().reduce((sum, record) => sum + cluster.instances.state(record).players.length, 0))
    },
  })

  return {
    registry,
    observer: {
      answered: (type, result, seconds) => figures.answered(type, result, seconds),
      event: (type) => figures.event(type),
      unknownEvent: () => figures.unknownEvent(),
      failed: (what, error) => log.error(`${what} failed`, { error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    },
  }
}
