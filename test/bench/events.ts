import { interleave, ratio } from './harness/benchmark.ts'
import type { Benchmark } from './harness/benchmark.ts'
import { Rig } from './harness/rig.ts'

/**
 * `instance_state_changed`: checked, taken over, told to plugins and acknowledged; the plain server parses and keeps
 * it, and acknowledges nothing.
 */
export const events: Benchmark = {
  name: 'events',
  summary: 'Events from a slave to the master',
  run: async (bench) => {
    const rig = await Rig.start(bench, ['session', 'plain'])
    await rig.addSlave()
    const { session, plain } = await interleave(bench, {
      session: () => rig.events('session', bench.seconds),
      plain: () => rig.events('plain', bench.seconds),
    })
    return [
      { name: 'events/s', value: session.perSecond ?? Number.NaN, unit: '/s' },
      { name: 'events/s, plain', value: plain.perSecond ?? Number.NaN, unit: '/s' },
      { name: 'CPU per event', value: session.cpuUs ?? Number.NaN, unit: 'µs' },
      { name: 'CPU, event ÷ plain', value: ratio(session, plain, 'cpuUs'), unit: '×', target: { kind: 'at most', limit: 1, aim: 0.6 } },
    ]
  },
}
