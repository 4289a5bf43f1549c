import { Counter, Gauge } from 'prom-client'
import type { Registry } from 'prom-client'
import type { Hub } from '../lib/plugin/master-context.ts'

/** Shows what goes on in the hub; all is read when it is asked for. */
export function registerHubFigures({ topics, presence, directory }: Hub, registry: Registry): void {
  const registers = [registry]
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({ name, help, registers, collect() { this.set(read()) } })
  }
  const counter = (name: string, help: string, read: () => number): void => {
    new Counter({
      name, help, registers,
      collect() {
        this.reset()
        this.inc(read())
      },
    })
  }
  gauge('corral_hub_topics', 'Topics that somebody is subscribed to', () => topics.figures().topics)
  gauge('corral_hub_topic_subscribers', 'Subscriptions to topics', () => topics.figures().subscriptions)
  counter('corral_hub_publications_total', 'Publications to topics', () => topics.figures().publications)
  counter('corral_hub_deliveries_total', 'Publications given to a subscriber', () => topics.figures().deliveries)
  counter('corral_hub_dropped_total', 'Publications left out for a subscriber that is slow', () => topics.figures().overflows)
  gauge('corral_hub_presence_subscribers', 'Subscriptions to users\' status', () => presence.figures().watches)
  new Gauge({
    name: 'corral_hub_users', help: 'Users who are there, by status', labelNames: ['status'], registers,
    collect() {
      const { online, busy } = presence.figures()
      this.set({ status: 'online' }, online)
      this.set({ status: 'busy' }, busy)
    },
  })
  new Gauge({
    name: 'corral_hub_names', help: 'Names that are held, by namespace', labelNames: ['namespace'], registers,
    collect() {
      this.reset()
      for (const [namespace, count] of directory.sizes()) this.set({ namespace }, count)
    },
  })
}
