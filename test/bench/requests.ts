import { interleave, ratio } from './harness/benchmark.ts'
import type { Benchmark, Figure } from './harness/benchmark.ts'
import { compare } from './harness/compare.ts'
import { Rig } from './harness/rig.ts'
import type { Target } from './processes/load.ts'

const sizes = [200, 1_024]
const targets: readonly Target[] = ['session', 'base', 'plain']

/** `list_slaves`: checked, permitted, counted and answered, beside a plain server that answers with the same list. */
export const requests: Benchmark = {
  name: 'requests',
  summary: 'Requests over the link, one after the other and 64 in flight, both dialects',
  run: async (bench) => {
    const figures: Figure[] = []
    for (const bytes of sizes) {
      const rig = await Rig.start(bench, targets)
      await rig.addSlavesToList(bytes)
      for (const inFlight of [1, 64]) {
        const turn = (target: Target) => () => rig.requests({ target, work: 'list', inFlight, seconds: bench.seconds })
        const { session, base, plain } = await interleave(bench, { session: turn('session'), base: turn('base'), plain: turn('plain') })
        const what = `${bytes} B, ${inFlight === 1 ? 'one at a time' : `${inFlight} in flight`}`
        const bounds = inFlight === 1 ? { p50: { limit: 1.15, aim: 1 } } : { cpu: { limit: 0.6, aim: 0.4 }, throughput: { limit: 1.2, aim: 2 } }
        figures.push(...compare('request', what, session, plain, bounds))
        if (inFlight > 1) {
          figures.push(
            { name: `CPU, session ÷ base, ${what}`, value: ratio(session, base, 'cpuUs'), unit: '×', target: { kind: 'at most', limit: 1.1, aim: 1 } },
            { name: `CPU, base ÷ plain, ${what}`, value: ratio(base, plain, 'cpuUs'), unit: '×' },
          )
        }
      }
    }
    return figures
  },
}
