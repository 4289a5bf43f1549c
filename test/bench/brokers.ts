import { freePort } from '../helpers/free-port.ts'
import { interleave, ratio } from './harness/benchmark.ts'
import type { Bench, Benchmark, Figure, Sample } from './harness/benchmark.ts'
import { Child } from './harness/child.ts'
import { BenchCluster } from './harness/cluster.ts'
import { cpuSeconds } from './harness/process-figures.ts'

/** The three processes that a request goes through. */
interface Trio {
  readonly control: Child
  readonly slave: Child
  readonly serverPid: () => number
}

async function ours(bench: Bench): Promise<Trio> {
  const cluster = await BenchCluster.start(bench)
  const [control, slave] = [Child.start(bench, 'trio'), Child.start(bench, 'trio')]
  const identity = await cluster.joinSlave('east')
  await slave.ask('linkSlave', { url: cluster.url, identity })
  await cluster.untilConnected(identity.name)
  await cluster.call('create_instance', { name: 'arena', template: 'sample', slave_id: identity.id })
  await control.ask('linkControl', { url: cluster.url, token: cluster.token })
  return { control, slave, serverPid: () => cluster.master.pid }
}

async function socketIo(bench: Bench): Promise<Trio> {
  const [control, server, slave] = [Child.start(bench, 'trio'), Child.start(bench, 'trio'), Child.start(bench, 'trio')]
  const { url } = await server.ask<{ url: string }>('socketServer')
  await slave.ask('socketSlave', { url })
  await control.ask('socketControl', { url })
  return { control, slave, serverPid: () => server.pid }
}

async function moleculer(bench: Bench): Promise<Trio> {
  const [control, server, slave] = [Child.start(bench, 'trio'), Child.start(bench, 'trio'), Child.start(bench, 'trio')]
  const ports = { control: await freePort(), server: await freePort(), slave: await freePort() }
  await slave.ask('moleculerSlave', { ports })
  await Promise.all([server.ask('moleculerServer', { ports }), control.ask('moleculerControl', { ports })])
  return { control, slave, serverPid: () => server.pid }
}

/** What a turn of a trio has done, with the CPU of all its processes for each request. */
async function turn({ control, slave, serverPid }: Trio, seconds: number): Promise<Sample> {
  const used = (): number => [control.pid, slave.pid, serverPid()].reduce((sum, pid) => sum + cpuSeconds(pid), 0)
  const before = used()
  const done = await control.ask<{ count: number; seconds: number; p50: number; p99: number }>('requests', { inFlight: 64, seconds })
  return { ...done, perSecond: done.count / done.seconds, cpuUs: ((used() - before) * 1e6) / done.count }
}

/** The relay of `relay`, beside the same through socket.io and through moleculer over TCP; each of the three in a process of its own. */
export const brokers: Benchmark = {
  name: 'brokers',
  summary: 'The same relay by our link, socket.io and moleculer',
  run: async (bench) => {
    const figures: Figure[] = []
    const trios = { ours: await ours(bench), socketIo: await socketIo(bench), moleculer: await moleculer(bench) }
    for (const length of [200, 1_024]) {
      for (const { control, slave } of Object.values(trios)) await Promise.all([control, slave].map((child) => child.ask('setLength', { length })))
      const results = await interleave(bench, {
        ours: () => turn(trios.ours, bench.seconds),
        socketIo: () => turn(trios.socketIo, bench.seconds),
        moleculer: () => turn(trios.moleculer, bench.seconds),
      })
      for (const [name, sample] of Object.entries({ 'our link': results.ours, 'socket.io': results.socketIo, 'moleculer': results.moleculer })) {
        figures.push(
          { name: `relays/s, ${name}, ${length} B`, value: sample.perSecond ?? Number.NaN, unit: '/s' },
          { name: `p50, ${name}, ${length} B`, value: sample.p50 ?? Number.NaN, unit: 'ms' },
          { name: `p99, ${name}, ${length} B`, value: sample.p99 ?? Number.NaN, unit: 'ms' },
          { name: `CPU of all three, ${name}, ${length} B`, value: sample.cpuUs ?? Number.NaN, unit: 'µs' },
        )
      }
      for (const [name, sample] of Object.entries({ 'socket.io': results.socketIo, 'moleculer': results.moleculer })) {
        figures.push(
          { name: `throughput ÷ ${name}'s, ${length} B`, value: ratio(results.ours, sample, 'perSecond'), unit: '×', target: { kind: 'at least', limit: 1.7, aim: 3 } },
          { name: `CPU of all three ÷ ${name}'s, ${length} B`, value: ratio(results.ours, sample, 'cpuUs'), unit: '×', target: { kind: 'at most', limit: 0.5 } },
        )
      }
    }
    return figures
  },
}
