import { expect } from 'chai'
import fc from 'fast-check'
import { Cleanups } from '../../../test/helpers/cleanups.ts'
import { eventually } from '../../../test/helpers/eventually.ts'
import { echo, note } from '../../../test/helpers/link-fixtures.ts'
import { LossyCluster } from '../../../test/helpers/lossy-cluster.ts'
import type { End } from '../../../test/helpers/lossy-transport.ts'

type Step =
  | { readonly do: 'emit' | 'send'; readonly from: 'slave' | 'master' }
  | { readonly do: 'cut'; readonly unaware: End | undefined }
  | { readonly do: 'wait'; readonly turns: number }

const from = fc.constantFrom('slave' as const, 'master' as const)
const unaware = fc.constantFrom(undefined, 'left' as const, 'right' as const)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('emit' as const), from }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('send' as const), from }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), turns: fc.integer({ min: 1, max: 8 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cut' as const), unaware }) },
)
/** Frames of a first handshake; before it is done there is no session that could go on. */
const firstHandshake = 3

describe('A session over connections that are cut anywhere', () => {
  it('delivers everything once and in order, both ways', async () => {
    const steps = fc.array(step, { minLength: 1, maxLength: 60 })
    const cuts = fc.array(fc.record({ cutAfterFrames: fc.integer({ min: 0, max: 25 }), unaware }), { maxLength: 8 })
    await fc.assert(fc.asyncProperty(steps, cuts, async (todo, plannedCuts) => {
      const cleanups = new Cleanups()
      const lines = plannedCuts.map(({ cutAfterFrames, unaware: end }, index) => ({
        cutAfterFrames: index === 0 ? cutAfterFrames + firstHandshake : cutAfterFrames,
        ...(end ? { unaware: end } : {}),
      }))
      const cluster = new LossyCluster(cleanups, {
        lines,
        settings: { heartbeatMs: 5, heartbeatTimeoutMs: 25, ackAlongMessages: 2, ackEveryMessages: 3, ackDelayMs: 2 },
        // A handshake whose line is cut unnoticed is given up after this.
        client: { dialDeadlineMs: 50 },
      })
      try {
        await run(cluster, todo)
      } finally {
        await cleanups.run()
      }
    }), { numRuns: 300, endOnFailure: true })
  }).timeout(60_000)

  it('goes on after a drop with many messages on their way', async () => {
    const cleanups = new Cleanups()
    const cluster = new LossyCluster(cleanups)
    await cluster.connect()
    cluster.isReachable = false
    cluster.line.cut()
    const numbers = Array.from({ length: 5_000 }, (_, n) => n)
    for (const n of numbers) cluster.master.link.emit(note, { n })
    cluster.isReachable = true
    await eventually(() => expect(cluster.owner.events).to.have.length(numbers.length))
    expect(cluster.owner.events.map(([, n]) => n)).to.deep.equal(numbers)
    expect(cluster.lines).to.have.length(2)
    await cleanups.run()
  })
})

async function run(cluster: LossyCluster, steps: readonly Step[]): Promise<void> {
  const ends = { slave: await cluster.connect(), master: cluster.master.link }
  const sent = { slave: { events: [] as number[], requests: [] as number[] }, master: { events: [] as number[], requests: [] as number[] } }
  const answers: Array<Promise<{ n: number }>> = []
  for (const [n, { ...todo }] of steps.entries()) {
    if (todo.do === 'cut') cluster.line.cut(todo.unaware)
    else if (todo.do === 'wait') for (let turn = 0; turn < todo.turns; turn += 1) await new Promise(setImmediate)
    else if (todo.do === 'emit') {
      sent[todo.from].events.push(n)
      ends[todo.from].emit(note, { n })
    } else {
      sent[todo.from].requests.push(n)
      answers.push(ends[todo.from].send(echo, { n }, { deadlineMs: 15_000 }))
    }
  }
  const answered = (await Promise.all(answers)).map(({ n }) => n)
  await eventually(() => {
    expect(cluster.master.owner.events.map(([, n]) => n)).to.deep.equal(sent.slave.events)
    expect(cluster.owner.events.map(([, n]) => n)).to.deep.equal(sent.master.events)
  }, { deadlineMs: 15_000 })
  expect(cluster.master.owner.requests).to.deep.equal(sent.slave.requests)
  expect(cluster.owner.requests).to.deep.equal(sent.master.requests)
  expect(answered.toSorted((a, b) => a - b)).to.deep.equal([...sent.slave.requests, ...sent.master.requests].toSorted((a, b) => a - b))
  expect(cluster.master.links).to.have.length(1)
}
