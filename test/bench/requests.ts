import { interleave, ratio } from './harness/benchmark.ts'
import type { Benchmark, Figure } from './harness/benchmark.ts'
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
        figures.push(
          { name: `requests/s, session, ${what}`, value: session.perSecond ?? Number.NaN, unit: '/s' },
          { name: `requests/s, base, ${what}`, value: base.perSecond ?? Number.NaN, unit: '/s' },
          { name: `requests/s, plain, ${what}`, value: plain.perSecond ?? Number.NaN, unit: '/s' },
        )
        if (inFlight === 1) {
          figures.push(
            { name: `p50 of session ÷ plain, ${what}`, value: ratio(session, plain, 'p50'), unit: '×', target: { kind: 'at most', limit: 1.15 } },
            { name: `p50 of session, ${what}`, value: session.p50 ?? Number.NaN, unit: 'ms' },
            { name: `p99 of session, ${what}`, value: session.p99 ?? Number.NaN, unit: 'ms' },
            { name: `p99 of session ÷ plain, ${what}`, value: ratio(session, plain, 'p99'), unit: '×' },
          )
        } else {
          figures.push(
            { name: `CPU per request, session, ${what}`, value: session.cpuUs ?? Number.NaN, unit: 'µs' },
            { name: `CPU, session ÷ plain, ${what}`, value: ratio(session, plain, 'cpuUs'), unit: '×', target: { kind: 'at most', limit: 0.6, aim: 0.4 } },
            { name: `CPU, base ÷ plain, ${what}`, value: ratio(base, plain, 'cpuUs'), unit: '×' },
            { name: `CPU, session ÷ base, ${what}`, value: ratio(session, base, 'cpuUs'), unit: '×' },
          )
        }
      }
    }
    return figures
  },
}
