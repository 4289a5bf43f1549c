import { expect } from 'chai'
import fc from 'fast-check'
import { OpenRequests } from './open-requests.ts'

describe('OpenRequests', () => {
  it('behaves as a map does, however long some wait', () => {
    const step = fc.oneof(fc.record({ add: fc.integer({ min: 1, max: 400 }) }), fc.record({ remove: fc.integer({ min: 0, max: 1_000 }) }))
    fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const open = new OpenRequests<string>()
      const model = new Map<number, string>()
      let seq = 0
      for (const { add = 0, remove } of steps as Array<{ add?: number; remove?: number }>) {
        for (let count = 0; count < add; count += 1) {
          seq += 1
          open.add(seq, `#${seq}`)
          model.set(seq, `#${seq}`)
        }
        if (remove === undefined) continue
        for (let from = seq - remove; from < seq; from += 3) expect(open.delete(from)).to.equal(model.delete(from))
      }
      for (let each = 0; each <= seq + 1; each += 1) expect(open.get(each)).to.equal(model.get(each))
      expect(open.size).to.equal(model.size)
      expect(open.clear()).to.deep.equal([...model.values()])
      expect(open.size).to.equal(0)
    }), { numRuns: 50 })
  })

  it('has nothing for a number that was never asked, or is none', () => {
    const open = new OpenRequests<string>()
    expect(open.get(1)).to.equal(undefined)
    open.add(1, 'one')
    for (const seq of [-7, 0, 1.5, 9, 2 ** 32 + 1]) expect(open.get(seq), String(seq)).to.equal(undefined)
    expect(open.delete(9)).to.equal(false)
  })
})
