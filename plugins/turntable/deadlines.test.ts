import { expect } from 'chai'
import { eventually } from '../../test/helpers/eventually.ts'
import { Deadlines } from './deadlines.ts'

describe('Deadlines', () => {
  const passed: Array<{ items: string[]; ms: number }> = []
  let deadlines: Deadlines<string>
  let startMs = 0
  beforeEach(() => {
    passed.length = 0
    startMs = performance.now()
    deadlines = new Deadlines(50, (items) => passed.push({ items, ms: performance.now() - startMs }))
  })
  afterEach(() => deadlines.close())

  const items = (count: number): Promise<string[][]> => eventually(() => {
    expect(passed).to.have.length(count)
    return passed.map(({ items: of }) => of)
  })

  it('tell of what did not come in time, and of nothing that came or that nobody waits for', async () => {
    deadlines.add(['a', 'b', 'c', 'd'])
    deadlines.delete('b')
    deadlines.keep((item) => item !== 'c')
    expect(await items(1)).to.deep.equal([['a', 'd']])
    expect(passed[0]?.ms).to.be.at.least(49)
  })

  it('give no more time to what is waited for already, and a new one to what is renewed', async () => {
    deadlines.add(['a', 'b'])
    await eventually(() => { expect(performance.now() - startMs).to.be.above(20) })
    deadlines.add(['a', 'c'])
    deadlines.renew((item) => item === 'b')
    // On a busy machine the last two may be over at moments of their own.
    const told = await eventually(() => {
      const all = passed.flatMap(({ items: of, ms }) => of.map((item) => [item, ms] as const))
      expect(all).to.have.length(3)
      return all
    })
    expect(told.map(([item]) => item)).to.deep.equal(['a', 'c', 'b'])
    expect(told[1]?.[1]).to.be.at.least(69)
  })

  it('wait for what is added after all others are over', async () => {
    deadlines.add(['a'])
    await items(1)
    deadlines.add(['a'])
    expect(await items(2)).to.deep.equal([['a'], ['a']])
  })
})
