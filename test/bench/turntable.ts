import { setTimeout as delay } from 'node:timers/promises'
import { interleave, ratio } from './harness/benchmark.ts'
import type { Bench, Benchmark, Figure, Sample } from './harness/benchmark.ts'
import { Child } from './harness/child.ts'
import { BenchCluster } from './harness/cluster.ts'
import { cpuSeconds, residentBytes } from './harness/process-figures.ts'

const members = 100
const bursts = [10, 1]
const subscriptions = 10_000
const subscribers = 100

/** A game room's actions for its members, beside a plain server that encodes and sends them for each; friends in numbers. */
export const turntable: Benchmark = {
  name: 'turntable',
  summary: 'Actions in a room of 100 members; memory of 10,000 presence subscriptions',
  run: async (bench) => [...await measureRoom(bench), ...await measureSubscriptions(bench)],
}

async function measureRoom(bench: Bench): Promise<Figure[]> {
  const cluster = await BenchCluster.start(bench, { 'turntable.enabled': true })
  const plain = Child.start(bench, 'rooms')
  const load = Child.start(bench, 'rooms')
  const { url: plainUrl } = await plain.ask<{ url: string }>('serve')
  await load.ask('join', { room: 'door', url: cluster.url.replace(/^http/, 'ws'), members })
  await load.ask('join', { room: 'plain', url: plainUrl, members })
  const figures: Figure[] = []
  for (const burst of bursts) {
    const turn = (room: string, pid: number) => async (): Promise<Sample> => {
      const before = cpuSeconds(pid)
      const { count, seconds } = await load.ask<{ count: number; seconds: number }>('play', { room, burst, seconds: bench.seconds })
      return { perSecond: count / seconds, cpuUs: ((cpuSeconds(pid) - before) * 1e6) / count }
    }
    const { door, plain: beside } = await interleave(bench, { door: turn('door', cluster.master.pid), plain: turn('plain', plain.pid) })
    const what = `${members} members, ${burst === 1 ? 'lone actions' : `bursts of ${burst}`}`
    figures.push(
      { name: `deliveries/s, ${what}`, value: door.perSecond ?? Number.NaN, unit: '/s' },
      { name: `CPU per delivery, ${what}`, value: door.cpuUs ?? Number.NaN, unit: 'µs' },
      { name: `CPU, delivery ÷ plain, ${what}`, value: ratio(door, beside, 'cpuUs'), unit: '×' },
    )
  }
  return figures
}

/** What the master grows by when its subscribers subscribe, their connections not counted. */
async function measureSubscriptions(bench: Bench): Promise<Figure[]> {
  const sizes = { without: 0, with: 0 }
  for (const [name, users] of [['without', 0], ['with', subscriptions / subscribers]] as const) {
    const cluster = await BenchCluster.start(bench, { 'turntable.enabled': true })
    const load = Child.start(bench, 'rooms')
    await load.ask('subscribe', { url: cluster.url.replace(/^http/, 'ws'), connections: subscribers, users })
    await delay(bench.isQuick ? 500 : 2_000)
    sizes[name] = residentBytes(cluster.master.pid)
    await load.stop()
  }
  return [{ name: `memory per presence subscription, of ${subscriptions}`, value: (sizes.with - sizes.without) / subscriptions, unit: 'B' }]
}
