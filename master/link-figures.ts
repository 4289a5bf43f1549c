import { Counter } from 'prom-client'
import type { Metric, Registry } from 'prom-client'
import type { LinkObserver } from '../lib/link/link.ts'

/** Upper bounds of the histogram's buckets, in seconds. */
const bounds = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, 60]

interface RequestFigures {
  readonly byResult: Map<string, number>
  /** Requests per bucket, not cumulated; the last is for those above all bounds. */
  readonly buckets: number[]
  seconds: number
}

/**
 * Counts what goes over the links. Every message passes here, so it is counted in plain maps; prom-client, whose labels
 * cost as much as all of a small answer's JSON, sees the figures when it is asked for them.
 */
export class LinkFigures implements Pick<LinkObserver, 'answered' | 'event' | 'unknownEvent'> {
  readonly #requests = new Map<string, RequestFigures>()
  readonly #events = new Map<string, number>()
  #unknownEvents = 0

  answered(type: string, result: string, seconds: number): void {
    let figures = this.#requests.get(type)
    if (!figures) this.#requests.set(type, figures = { byResult: new Map(), buckets: bounds.map(() => 0).concat(0), seconds: 0 })
    figures.byResult.set(result, (figures.byResult.get(result) ?? 0) + 1)
    figures.seconds += seconds
    let bucket = 0
    while (bucket < bounds.length && seconds > (bounds[bucket] ?? 0)) bucket += 1
    figures.buckets[bucket] = (figures.buckets[bucket] ?? 0) + 1
  }

  event(type: string): void {
    this.#events.set(type, (this.#events.get(type) ?? 0) + 1)
  }

  unknownEvent(): void {
    this.#unknownEvents += 1
  }

  /** Shows the figures in a registry. */
  register(registry: Registry): void {
    const registers = [registry]
    const [requests, events, unknownEvents] = [this.#requests, this.#events, (): number => this.#unknownEvents]
    new Counter({
      name: 'corral_requests_total', help: 'Requests answered, by type and result', labelNames: ['type', 'result'], registers,
      collect() {
        this.reset()
        for (const [type, { byResult }] of requests) for (const [result, count] of byResult) this.inc({ type, result }, count)
      },
    })
    new Counter({
      name: 'corral_events_total', help: 'Events received, by type', labelNames: ['type'], registers,
      collect() {
        this.reset()
        for (const [type, count] of events) this.inc({ type }, count)
      },
    })
    new Counter({
      name: 'corral_unknown_events_total', help: 'Events received of types that are not defined', registers,
      collect() {
        this.reset()
        this.inc(unknownEvents())
      },
    })
    // What a registry reads of a histogram; the class itself takes only single observations.
    const name = 'corral_request_seconds'
    const histogram = { name, get: () => Promise.resolve({ name, help: 'Time from a request to its answer', type: 'histogram', aggregator: 'sum', values: this.#latencies(name) }) }
    registry.registerMetric(histogram as unknown as Metric)
  }

  #latencies(name: string): { labels: Record<string, string | number>; value: number; metricName: string }[] {
    return [...this.#requests].flatMap(([type, { buckets, seconds }]) => {
      let count = 0
      const values = buckets.map((inBucket, index) => {
        count += inBucket
        return { labels: { le: bounds[index] ?? '+Inf', type }, value: count, metricName: `${name}_bucket` }
      })
      return [
        ...values,
        { labels: { type }, value: seconds, metricName: `${name}_sum` },
        { labels: { type }, value: count, metricName: `${name}_count` },
      ]
    })
  }
}
