import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { eventually } from '../helpers/eventually.ts'
import { median } from './harness/benchmark.ts'
import type { Benchmark, Figure } from './harness/benchmark.ts'
import { Child } from './harness/child.ts'
import { BenchCluster } from './harness/cluster.ts'
import type { SlaveIdentity } from './harness/cluster.ts'
import { cpuSeconds, residentBytes } from './harness/process-figures.ts'

const run = promisify(execFile)
const mebi = 1_048_576
const instancesEach = 10
const settleMs = 10_000
const backDeadlineMs = 120_000

async function cpuPercent(pid: number, ms: number): Promise<number> {
  const before = cpuSeconds(pid)
  await delay(ms)
  return ((cpuSeconds(pid) - before) / (ms / 1_000)) * 100
}

async function timed(times: number, work: () => Promise<unknown>): Promise<number> {
  const taken: number[] = []
  for (let i = 0; i < times; i += 1) {
    const began = performance.now()
    await work()
    taken.push(performance.now() - began)
  }
  return median(taken)
}

async function joinAll(cluster: BenchCluster, count: number): Promise<SlaveIdentity[]> {
  const { token } = await cluster.call<{ token: string }>('create_join_token', { uses: count })
  const identities: SlaveIdentity[] = []
  for (let i = 0; i < count; i += 1) identities.push(await cluster.call<SlaveIdentity>('join_slave', { name: `slave-${i}` }, token))
  return identities
}

/** Seconds until all slaves are connected again and all their instances have the state that they told. */
async function back(cluster: BenchCluster, slaves: number): Promise<number> {
  const began = performance.now()
  await cluster.killAndRestart()
  await eventually(async () => {
    const status = await cluster.call<{ slaves: { connected: number }; instances: Record<string, number> }>('get_master_status')
    if (status.slaves.connected < slaves || status.instances['running'] !== slaves * instancesEach) throw new Error('They are not all back')
  }, { deadlineMs: backDeadlineMs, what: 'All slaves' })
  return (performance.now() - began) / 1_000
}

/** One master with as many slaves as one may be asked to carry. */
export const scale: Benchmark = {
  name: 'scale',
  summary: '1,000 slaves with 10 instances each on one master',
  isOptional: true,
  run: async (bench) => {
    const slaves = bench.isQuick ? 100 : 1_000
    const figures: Figure[] = []
    const add = (name: string, value: number, unit: string): void => { figures.push({ name, value, unit }) }
    const cluster = await BenchCluster.start(bench)
    const swarm = Child.start(bench, 'swarm')
    const identities = await joinAll(cluster, slaves)
    const joined = await swarm.ask<{ seconds: number }>('join', { url: cluster.url, token: cluster.token, identities })
    add(`${slaves} slaves connected`, joined.seconds, 's')
    const filled = await swarm.ask<{ seconds: number }>('fill', { identities, each: instancesEach })
    add(`${slaves * instancesEach} instances made and given to them`, filled.seconds, 's')
    await delay(settleMs)
    add('master, memory (RSS)', residentBytes(cluster.master.pid) / mebi, 'MB')
    add('CPU of the master, nothing but heartbeats', await cpuPercent(cluster.master.pid, settleMs), '%')

    const metrics = (): Promise<unknown> => fetch(`${cluster.url}/metrics`).then((response) => response.text())
    for (const perSecond of [1_000, 10_000]) {
      await swarm.ask('flow', { perSecond })
      const scrape = setInterval(() => void metrics(), 5_000)
      add(`CPU of the master, ${perSecond} states/s told to it and to one control`, await cpuPercent(cluster.master.pid, settleMs), '%')
      clearInterval(scrape)
      const { sent, told } = await swarm.ask<{ sent: number; told: number }>('stopFlow')
      if (sent < (perSecond * settleMs) / 1_100) bench.note(`scale: the slaves told ${Math.round(sent / (settleMs / 1_000))} states/s, not ${perSecond}`)
      add('of these told to the control', told / (settleMs / 1_000), '/s')
    }

    const listed = await swarm.ask<{ ms: number; count: number; bytes: number }>('list')
    add(`list_instances, ${listed.count} rows`, listed.ms, 'ms')
    add('its size', listed.bytes / mebi, 'MB')
    const env = { ...process.env, CORRAL_CONFIG: '', CORRAL_URL: cluster.url, CORRAL_TOKEN: cluster.token }
    const ctl = join(bench.packageDirectory, 'bin/ctl.js')
    add('ctl instance list', await timed(3, () => run(process.execPath, [ctl, 'instance', 'list'], { env, maxBuffer: 64 * mebi })), 'ms')
    add('ctl master status', await timed(3, () => run(process.execPath, [ctl, 'master', 'status'], { env })), 'ms')
    add('/metrics', await timed(9, metrics), 'ms')

    add('all back after the master was killed and restarted', await back(cluster, slaves), 's')
    add('CPU of the master for that', cpuSeconds(cluster.master.pid), 's')
    add('master, memory after that (RSS)', residentBytes(cluster.master.pid) / mebi, 'MB')
    return figures
  },
}
