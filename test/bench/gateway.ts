import { interleave, ratio } from './harness/benchmark.ts'
import type { Bench, Benchmark, Figure, Sample } from './harness/benchmark.ts'
import { Child } from './harness/child.ts'
import { BenchCluster } from './harness/cluster.ts'
import { cpuSeconds } from './harness/process-figures.ts'
import type { GatewayServer } from './processes/gateway.ts'

const clients = 100
const bursts = [10, 1]
const inFlight = 64
/** The provider is the cluster's only service. */
const serviceId = 1

/** Requests to a provider and back, and its streams to 100 clients, beside a plain relay that does the same two hops. */
export const gateway: Benchmark = {
  name: 'gateway',
  summary: 'Requests through to a provider and back; its streams to 100 clients',
  run: async (bench) => {
    const turn = await start(bench)
    const figures: Figure[] = []
    for (const burst of bursts) {
      const { ours, plain } = await interleave(bench, { ours: turn('gateway', 'stream', { burst }), plain: turn('plain', 'stream', { burst }) })
      const what = `${clients} clients, ${burst === 1 ? 'lone messages' : `bursts of ${burst}`}`
      const hasTarget = burst > 1
      figures.push(
        { name: `stream deliveries/s, ${what}`, value: ours.perSecond ?? Number.NaN, unit: '/s' },
        {
          name: `stream deliveries/s ÷ plain, ${what}`, value: ratio(ours, plain, 'perSecond'), unit: '×',
          ...(hasTarget ? { target: { kind: 'at least', limit: 3, aim: 5 } as const } : {}),
        },
        {
          name: `CPU per stream delivery ÷ plain, ${what}`, value: ratio(ours, plain, 'cpuUs'), unit: '×',
          ...(hasTarget ? { target: { kind: 'at most', limit: 0.25, aim: 0.15 } as const } : {}),
        },
      )
    }
    const { ours, plain } = await interleave(bench, { ours: turn('gateway', 'request', { inFlight }), plain: turn('plain', 'request', { inFlight }) })
    return [
      ...figures,
      { name: `requests/s through to a provider, ${inFlight} in flight`, value: ours.perSecond ?? Number.NaN, unit: '/s' },
      { name: 'requests/s through to a provider ÷ plain', value: ratio(ours, plain, 'perSecond'), unit: '×' },
      { name: 'CPU per request through to a provider ÷ plain', value: ratio(ours, plain, 'cpuUs'), unit: '×' },
    ]
  },
}

async function start(bench: Bench) {
  const load = Child.start(bench, 'gateway')
  const relay = Child.start(bench, 'gateway')
  const provide = (server: GatewayServer): Promise<{ url: string }> => load.ask('serveProvider', { server })
  const cluster = await BenchCluster.start(bench, { 'gateway.enabled': true, 'gateway.providers': [{ name: 'provider', url: (await provide('gateway')).url }] })
  const { url: plainUrl } = await relay.ask<{ url: string }>('serveRelay', { providerUrl: (await provide('plain')).url })
  await load.ask('join', { server: 'gateway', url: cluster.url, readers: clients, serviceId })
  await load.ask('join', { server: 'plain', url: plainUrl, readers: clients, serviceId })
  const pids = { gateway: cluster.master.pid, plain: relay.pid }
  return (server: GatewayServer, command: 'stream' | 'request', options: object) => async (): Promise<Sample> => {
    const before = cpuSeconds(pids[server])
    const { count, seconds } = await load.ask<{ count: number; seconds: number }>(command, { server, serviceId, seconds: bench.seconds, ...options })
    return { perSecond: count / seconds, cpuUs: ((cpuSeconds(pids[server]) - before) * 1e6) / count }
  }
}
