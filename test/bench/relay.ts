import { interleave } from './harness/benchmark.ts'
import type { Benchmark, Figure } from './harness/benchmark.ts'
import { compare } from './harness/compare.ts'
import { Rig } from './harness/rig.ts'
import type { Target } from './processes/load.ts'

/** `send_rcon`: control → master → slave and back, beside a plain server that passes on the same. */
export const relay: Benchmark = {
  name: 'relay',
  summary: 'Requests that the master passes on to a slave, and their answers',
  run: async (bench) => {
    const figures: Figure[] = []
    const rig = await Rig.start(bench, ['session', 'plain'])
    await rig.addSlave()
    for (const length of [200, 1_024]) {
      await rig.load.ask('setLength', { length })
      const turn = (target: Target) => () => rig.requests({ target, work: 'relay', inFlight: 64, seconds: bench.seconds })
      const { session, plain } = await interleave(bench, { session: turn('session'), plain: turn('plain') })
      figures.push(...compare('relay', `${length} B, 64 in flight`, session, plain, {
        cpu: { limit: 0.35, aim: 0.2 }, throughput: { limit: 1.7, aim: 2.5 },
      }))
    }
    return figures
  },
}
