import { interleave } from './harness/benchmark.ts'
import type { Benchmark, Figure } from './harness/benchmark.ts'
import { compare } from './harness/compare.ts'
import { Rig } from './harness/rig.ts'
import type { Target } from './processes/load.ts'

const crowds = [
  { followers: 100, cpu: { limit: 0.2, aim: 0.12 }, throughput: { limit: 3, aim: 6 } },
  { followers: 1_000, cpu: { limit: 0.4, aim: 0.25 }, throughput: { limit: 2, aim: 4 } },
]
/** Games print in bursts; a lone line costs a write for each follower, whatever is done. */
const kinds = [
  { burst: 10, length: 200 },
  { burst: 10, length: 1_024 },
  { burst: 1, length: 200 },
]

/** A console line for many followers, beside a plain server that encodes and sends it for each. */
export const fanout: Benchmark = {
  name: 'fanout',
  summary: 'Console lines to 100 and to 1,000 followers',
  run: async (bench) => {
    const figures: Figure[] = []
    for (const { followers, cpu, throughput } of crowds) {
      const rig = await Rig.start(bench, ['session', 'plain'])
      await rig.addSlave()
      for (const target of ['session', 'plain'] as const) {
        await rig.load.ask('followers', { target, url: rig.urlOf(target), token: rig.cluster.token, followers })
      }
      for (const { burst, length } of kinds) {
        const turn = (target: Target) => () => rig.lines(target, { burst, length, followers, seconds: bench.seconds })
        const { session, plain } = await interleave(bench, { session: turn('session'), plain: turn('plain') })
        const what = `${followers} followers, ${length} B, ${burst === 1 ? 'lone lines' : `bursts of ${burst}`}`
        figures.push(...compare('delivery', what, session, plain, burst > 1 ? { cpu, throughput } : {}))
      }
    }
    return figures
  },
}
