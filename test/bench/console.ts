import { interleave } from './harness/benchmark.ts'
import type { Benchmark, Figure, Sample } from './harness/benchmark.ts'
import { Child } from './harness/child.ts'
import { BenchCluster } from './harness/cluster.ts'
import { cpuSeconds } from './harness/process-figures.ts'

const instanceId = 1
const deadlineMs = 60_000
const crowds = [{ followers: 1, lines: 400_000 }, { followers: 50, lines: 100_000 }]

interface Flood {
  readonly seconds: number
  readonly lost: number
  readonly misplaced: number
  readonly reads: number
}

/** A game that prints as fast as it can, through a real slave, to followers who miss nothing. */
export const consoles: Benchmark = {
  name: 'console',
  summary: 'A flooding game\'s console to 1 and to 50 followers, without losing a line',
  run: async (bench) => {
    const figures: Figure[] = []
    const cluster = await BenchCluster.start(bench)
    const slave = await cluster.startSlave('east')
    await cluster.call('create_instance', { name: 'arena', template: 'sample', console_limit_bytes: 1_073_741_824 })
    await cluster.call('start_instance', { instance_id: instanceId, wait: true })
    const readers = Child.start(bench, 'readers')
    for (const { followers, lines: all } of crowds) {
      const lines = bench.isQuick ? all / 10 : all
      await readers.ask('follow', { url: cluster.url, token: cluster.token, instanceId, followers })
      const flood = async (): Promise<Sample> => {
        const pids = { master: cluster.master.pid, slave: slave.pid }
        const before = { master: cpuSeconds(pids.master), slave: cpuSeconds(pids.slave) }
        const { seconds, lost, misplaced, reads } = await readers.ask<Flood>('flood', { instanceId, lines, deadlineMs })
        if (lost + misplaced > 0) bench.note(`console, ${followers} followers: ${lost} lines lost, ${misplaced} out of place`)
        return {
          perSecond: lines / seconds, wrong: lost + misplaced, reads,
          masterUs: ((cpuSeconds(pids.master) - before.master) * 1e6) / (lines * followers),
          slaveUs: ((cpuSeconds(pids.slave) - before.slave) * 1e6) / lines,
        }
      }
      const samples: Sample[] = []
      const { flood: result } = await interleave(bench, { flood: async () => {
        const sample = await flood()
        samples.push(sample)
        return sample
      } })
      const what = `${followers} follower${followers === 1 ? '' : 's'}`
      figures.push(
        { name: `console lines/s to each of ${what}`, value: result.perSecond ?? Number.NaN, unit: '/s' },
        { name: `lines lost or out of place, ${what}`, value: samples.reduce((sum, { wrong = 0 }) => sum + wrong, 0), unit: '', target: { kind: 'at most', limit: 0 } },
        { name: `reads to catch up, ${what}`, value: result.reads ?? Number.NaN, unit: '' },
        { name: `CPU of the master per line and follower, ${what}`, value: result.masterUs ?? Number.NaN, unit: 'µs' },
        { name: `CPU of the slave per line, ${what}`, value: result.slaveUs ?? Number.NaN, unit: 'µs' },
      )
    }
    return figures
  },
}
