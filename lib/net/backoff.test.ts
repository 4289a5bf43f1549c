import { expect } from 'chai'
import { Backoff } from './backoff.ts'

describe('Backoff', () => {
  it('doubles the bound up to the cap', () => {
    const delays = new Backoff({ baseMs: 100, capMs: 1_000, random: () => 0.5 })
    expect(Array.from({ length: 6 }, () => delays.next())).to.deep.equal([50, 100, 200, 400, 500, 500])
  })

  it('draws from the whole range below the bound', () => {
    expect(new Backoff({ baseMs: 100, capMs: 1_000, random: () => 0 }).next()).to.equal(0)
    expect(new Backoff({ baseMs: 100, capMs: 1_000, random: () => 0.999 }).next()).to.equal(99)
  })

  it('starts from the base again after a reset', () => {
    const delays = new Backoff({ baseMs: 100, capMs: 1_000, random: () => 0.5 })
    delays.next()
    delays.next()
    delays.reset()
    expect(delays.next()).to.equal(50)
  })

  it('never exceeds the cap, even with a base above it and after many failures', () => {
    const delays = new Backoff({ baseMs: 5_000, capMs: 1_000, random: () => 0.999 })
    for (let failures = 0; failures < 5_000; failures++) expect(delays.next()).to.be.below(1_000)
  })
})
