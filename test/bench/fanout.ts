import { interleave, ratio } from './harness/benchmark.ts'
import type { Benchmark, Figure } from './harness/benchmark.ts'
import { Rig } from './harness/rig.ts'
import type { Target } from './processes/load.ts'

const crowds = [
  { followers: 100, limit: 0.2, aim: 0.12 },
  { followers: 1_000, limit: 0.4, aim: 0.25 },
]
/** Games print in bursts; a lone line costs a write for each follower, whatever is done. */
const bursts = [10, 1]

/** A console line for many followers, beside a plain server that encodes and sends it for each. */
export const fanout: Benchmark = {
  name: 'fanout',
  summary: 'Console lines to 100 and to 1,000 followers',
  run: async (bench) => {
    const figures: Figure[] = []
    for (const { followers, limit, aim } of crowds) {
      const rig = await Rig.start(bench, ['session', 'plain'])
      await rig.addSlave()
      for (const target of ['session', 'plain'] as const) {
        await rig.load.ask('followers', { target, url: rig.urlOf(target), token: rig.cluster.token, followers })
      }
      for (const burst of bursts) {
        const turn = (target: Target) => () => rig.lines(target, { burst, followers, seconds: bench.seconds })
        const { session, plain } = await interleave(bench, { session: turn('session'), plain: turn('plain') })
        const what = `${followers} followers, ${burst === 1 ? 'lone lines' : `bursts of ${burst}`}`
        figures.push(
          { name: `deliveries/s, ${what}`, value: session.perSecond ?? Number.NaN, unit: '/s' },
          { name: `CPU per delivery, ${what}`, value: session.cpuUs ?? Number.NaN, unit: 'µs' },
          {
            name: `CPU, delivery ÷ plain, ${what}`, value: ratio(session, plain, 'cpuUs'), unit: '×',
            ...(burst > 1 ? { target: { kind: 'at most', limit, aim } as const } : {}),
          },
        )
      }
    }
    return figures
  },
}
