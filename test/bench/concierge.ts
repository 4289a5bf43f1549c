import { interleave, ratio } from './harness/benchmark.ts'
import type { Bench, Benchmark, Figure, Sample } from './harness/benchmark.ts'
import { Child } from './harness/child.ts'
import { BenchCluster } from './harness/cluster.ts'
import { cpuSeconds } from './harness/process-figures.ts'
import type { GroupServer } from './processes/groups.ts'

const crowds = [100, 1_000]
const bursts = [10, 1]

/** Messages from one publisher to a group, beside a plain server that encodes for each, and beside socket.io's rooms. */
export const concierge: Benchmark = {
  name: 'concierge',
  summary: 'Group messages to 100 and to 1,000 subscribers, and with one that stalls',
  run: async (bench) => {
    const figures: Figure[] = []
    for (const readers of crowds) {
      const { turn } = await start(bench, readers, ['concierge', 'plain', 'socket.io'])
      for (const burst of bursts) {
        const samples = await interleave(bench, { ours: turn('concierge', burst), plain: turn('plain', burst), socketIo: turn('socket.io', burst) })
        figures.push(...compare(samples, `${readers} subscribers, ${burst === 1 ? 'lone messages' : `bursts of ${burst}`}`, burst > 1))
      }
    }
    return [...figures, ...await measureStalled(bench)]
  },
}

function compare({ ours, plain, socketIo }: Record<'ours' | 'plain' | 'socketIo', Sample>, what: string, hasTarget: boolean): Figure[] {
  return [
    { name: `deliveries/s, ${what}`, value: ours.perSecond ?? Number.NaN, unit: '/s' },
    {
      name: `deliveries/s ÷ plain, ${what}`, value: ratio(ours, plain, 'perSecond'), unit: '×',
      ...(hasTarget ? { target: { kind: 'at least', limit: 3, aim: 5 } as const } : {}),
    },
    { name: `deliveries/s ÷ socket.io, ${what}`, value: ratio(ours, socketIo, 'perSecond'), unit: '×' },
    {
      name: `CPU per delivery ÷ plain, ${what}`, value: ratio(ours, plain, 'cpuUs'), unit: '×',
      ...(hasTarget ? { target: { kind: 'at most', limit: 0.25, aim: 0.15 } as const } : {}),
    },
  ]
}

async function measureStalled(bench: Bench): Promise<Figure[]> {
  const { turn, load } = await start(bench, 100, ['concierge'])
  const run = turn('concierge', 10)
  const turnWith = (isThere: boolean) => async (): Promise<Sample> => {
    await load.ask('stall', { server: 'concierge', isThere })
    return run()
  }
  const { without, with: beside } = await interleave(bench, { without: turnWith(false), with: turnWith(true) })
  return [{
    name: 'deliveries/s to 100 beside one that stalls ÷ without it', value: ratio(beside, without, 'perSecond'), unit: '×',
    target: { kind: 'at least', limit: 0.9 },
  }]
}

async function start(bench: Bench, readers: number, servers: readonly GroupServer[]) {
  const cluster = await BenchCluster.start(bench, { 'concierge.enabled': true })
  const load = Child.start(bench, 'groups')
  const running = new Map<GroupServer, number>()
  for (const server of servers) {
    const { pid, url } = server === 'concierge' ? { pid: cluster.master.pid, url: cluster.url } : await serve(bench, server)
    running.set(server, pid)
    await load.ask('join', { server, url, readers })
  }
  const turn = (server: GroupServer, burst: number) => async (): Promise<Sample> => {
    const pid = running.get(server) ?? 0
    const before = cpuSeconds(pid)
    const { count, seconds } = await load.ask<{ count: number; seconds: number }>('publish', { server, burst, seconds: bench.seconds })
    return { perSecond: count / seconds, cpuUs: ((cpuSeconds(pid) - before) * 1e6) / count }
  }
  return { turn, load }
}

async function serve(bench: Bench, server: GroupServer): Promise<{ pid: number; url: string }> {
  const child = Child.start(bench, 'groups')
  return { pid: child.pid, ...await child.ask<{ url: string }>(server === 'plain' ? 'servePlain' : 'serveSocketIo') }
}
