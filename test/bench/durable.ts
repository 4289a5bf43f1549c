import { interleave } from './harness/benchmark.ts'
import type { Benchmark } from './harness/benchmark.ts'
import { Rig } from './harness/rig.ts'

/** `create_token`: answered when it would survive a power cut. */
export const durable: Benchmark = {
  name: 'durable',
  summary: 'Changes put on record and acknowledged, 64 in flight',
  run: async (bench) => {
    const rig = await Rig.start(bench, ['session'])
    const { session } = await interleave(bench, {
      session: () => rig.requests({ target: 'session', work: 'durable', inFlight: 64, seconds: bench.seconds }),
    })
    return [
      { name: 'durable writes/s, 64 in flight', value: session.perSecond ?? Number.NaN, unit: '/s' },
      { name: 'durable write, p50', value: session.p50 ?? Number.NaN, unit: 'ms' },
      { name: 'durable write, p99', value: session.p99 ?? Number.NaN, unit: 'ms' },
      { name: 'CPU per durable write', value: session.cpuUs ?? Number.NaN, unit: 'µs' },
    ]
  },
}
