import { setTimeout as delay } from 'node:timers/promises'
import type { Benchmark } from './harness/benchmark.ts'
import { BenchCluster } from './harness/cluster.ts'
import { processesWith, proportionalBytes, residentBytes } from './harness/process-figures.ts'

const mebi = 1_048_576
const instances = 3
const idleMs = 25_000

/** What a cluster takes that does nothing but keep three games running. */
export const memory: Benchmark = {
  name: 'memory',
  summary: 'Idle memory of a master, a slave and the launchers of its games',
  run: async (bench) => {
    const cluster = await BenchCluster.start(bench)
    const slave = await cluster.startSlave('east')
    for (let id = 1; id <= instances; id += 1) {
      await cluster.call('create_instance', { name: `arena-${id}`, template: 'sample' })
      await cluster.call('start_instance', { instance_id: id, wait: true })
    }
    // V8 gives memory back when it has seen nothing happen for a while; before that, this is not idle.
    await delay(idleMs)
    const launchers = processesWith(cluster.directory).filter(({ commandLine }) => commandLine.some((word) => word.endsWith('/launch')))
    if (launchers.length < instances) bench.note(`memory: ${launchers.length} launchers were found for ${instances} instances`)
    const launcherBytes = launchers.reduce((sum, { pid }) => sum + proportionalBytes(pid), 0) / instances
    return [
      { name: 'master, idle (RSS)', value: residentBytes(cluster.master.pid) / mebi, unit: 'MB', target: { kind: 'at most', limit: 95, aim: 80 } },
      { name: 'slave, idle with 3 games (RSS)', value: residentBytes(slave.pid) / mebi, unit: 'MB', target: { kind: 'at most', limit: 70 } },
      { name: 'launcher per game (PSS)', value: launcherBytes / mebi, unit: 'MB', target: { kind: 'at most', limit: 1 } },
    ]
  },
}
