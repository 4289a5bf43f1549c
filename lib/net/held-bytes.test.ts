import { expect } from 'chai'
import { HeldBytes } from './held-bytes.ts'

describe('HeldBytes', () => {
  const [ann, bob, cas] = ['a', 'a', 'c'].map((address) => ({ address })) as [{ address: string }, { address: string }, { address: string }]
  let held: HeldBytes<{ address: string }>
  beforeEach(() => { held = new HeldBytes({ perHolder: 100, perAddress: 150, total: 180 }) })

  it('gives a holder no more than one may have, and says so without counting it', () => {
    expect(held.take(ann, 100)).to.equal(true)
    expect(held.take(ann, 1)).to.equal(false)
    expect(held.of(ann)).to.equal(100)
  })

  it('gives those of one address together no more than an address may have', () => {
    expect(held.take(ann, 100)).to.equal(true)
    expect(held.take(bob, 51)).to.equal(false)
    expect(held.take(bob, 50)).to.equal(true)
    expect(held.take(cas, 100)).to.equal(true)
  })

  it('names the one who holds most while all together have too much', () => {
    held.take(ann, 90)
    held.take(bob, 20)
    held.take(cas, 70)
    expect(held.largest).to.equal(undefined)
    held.take(cas, 1)
    expect(held.largest).to.equal(ann)
    held.leave(ann)
    expect(held.largest).to.equal(undefined)
    expect(held.sum).to.equal(91)
    expect(held.take(bob, 80)).to.equal(true)
  })

  it('counts without limit for those who are trusted, though in all', () => {
    held.force(ann, 170)
    expect(held.largest).to.equal(undefined)
    held.force(ann, 11)
    expect(held.largest).to.equal(ann)
    held.force(ann, -181)
    expect([held.sum, held.of(ann)]).to.deep.equal([0, 0])
  })
})
