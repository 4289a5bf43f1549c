import { interleave } from './harness/benchmark.ts'
import type { Benchmark, Figure } from './harness/benchmark.ts'
import { compare } from './harness/compare.ts'
import { Rig } from './harness/rig.ts'
import type { Target } from './processes/load.ts'

/**
 * `instance_state_changed`: checked, taken over, told to plugins and acknowledged; the plain server parses and keeps
 * it, and acknowledges nothing.
 */
export const events: Benchmark = {
  name: 'events',
  summary: 'Events from a slave to the master',
  run: async (bench) => {
    const figures: Figure[] = []
    const rig = await Rig.start(bench, ['session', 'plain'])
    await rig.addSlave()
    for (const length of [200, 1_024]) {
      const turn = (target: Target) => () => rig.events(target, { length, seconds: bench.seconds })
      const { session, plain } = await interleave(bench, { session: turn('session'), plain: turn('plain') })
      figures.push(...compare('event', `${length} B`, session, plain, { cpu: { limit: 1, aim: 0.6 }, throughput: { limit: 1, aim: 2 } }))
    }
    return figures
  },
}
