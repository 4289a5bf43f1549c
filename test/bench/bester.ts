import { join } from 'node:path'
import { freePort } from '../helpers/free-port.ts'
import { interleave, ratio } from './harness/benchmark.ts'
import type { Bench, Benchmark, Figure, Sample } from './harness/benchmark.ts'
import { Child } from './harness/child.ts'
import { BenchCluster } from './harness/cluster.ts'
import { cpuSeconds } from './harness/process-figures.ts'

const clients = 16

/** Messages through a handler and back, beside a plain server that opens a connection to it for each, as the protocol asks. */
export const bester: Benchmark = {
  name: 'bester',
  summary: 'Messages through a handler on a unix socket and back',
  run: measure,
}

async function measure(bench: Bench): Promise<Figure[]> {
  const port = await freePort()
  const cluster = await BenchCluster.start(bench, {
    'bester.enabled': true, 'bester.tcp4_port': port, 'bester.tcp6_port': 0, 'bester.handlers': { echo: { socket: 'echo.sock' } },
  })
  const handler = join(cluster.directory, 'data/plugins/bester/echo.sock')
  await Child.start(bench, 'bester').ask('handle', { path: handler })
  const plain = Child.start(bench, 'bester')
  const { port: plainPort } = await plain.ask<{ port: number }>('serve', { handler })
  await Promise.all(Array.from({ length: clients }, (_, index) => cluster.call('create_user', { name: `user-${index}`, password: 'of the bench' })))

  const load = Child.start(bench, 'bester')
  await load.ask('join', { crowd: 'door', port, clients })
  await load.ask('join', { crowd: 'plain', port: plainPort, clients })
  const turn = (crowd: string, pid: number) => async (): Promise<Sample> => {
    const before = cpuSeconds(pid)
    const { count, seconds } = await load.ask<{ count: number; seconds: number }>('echo', { crowd, seconds: bench.seconds })
    return { perSecond: count / seconds, cpuUs: ((cpuSeconds(pid) - before) * 1e6) / count }
  }
  const { door, plain: beside } = await interleave(bench, { door: turn('door', cluster.master.pid), plain: turn('plain', plain.pid) })
  return [
    { name: `messages/s, echo of ${clients} clients`, value: door.perSecond ?? Number.NaN, unit: '/s' },
    { name: 'messages/s ÷ plain, echo', value: ratio(door, beside, 'perSecond'), unit: '×', target: { kind: 'at least', limit: 0.8 } },
    { name: 'CPU per message ÷ plain, echo', value: ratio(door, beside, 'cpuUs'), unit: '×' },
  ]
}
