import { expect } from 'chai'
import fc from 'fast-check'
import { SendBuffer } from './send-buffer.ts'

describe('SendBuffer', () => {
  it('keeps what is not acknowledged, in order, and counts its size', () => {
    const buffer = new SendBuffer()
    for (let seq = 1; seq <= 5; seq += 1) buffer.push(seq, 'x'.repeat(seq))
    buffer.acknowledge(3)
    expect([...buffer.frames()]).to.deep.equal(['xxxx', 'xxxxx'])
    expect(buffer).to.include({ length: 2, bytes: 9 })
    buffer.clear()
    expect([...buffer.frames()]).to.deep.equal([])
    expect(buffer).to.include({ length: 0, bytes: 0 })
  })

  it('behaves as a plain list does, however it is filled and acknowledged', () => {
    const step = fc.oneof(fc.record({ push: fc.integer({ min: 1, max: 900 }) }), fc.record({ acknowledge: fc.double({ min: 0, max: 1.1, noNaN: true }) }))
    fc.assert(fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const buffer = new SendBuffer()
      let model: number[] = []
      let seq = 0
      for (const { push = 0, acknowledge } of steps as Array<{ push?: number; acknowledge?: number }>) {
        for (let count = 0; count < push; count += 1) {
          seq += 1
          buffer.push(seq, String(seq))
          model.push(seq)
        }
        if (acknowledge === undefined) continue
        const upTo = Math.floor(seq * acknowledge)
        buffer.acknowledge(upTo)
        model = model.filter((kept) => kept > upTo)
      }
      expect([...buffer.frames()]).to.deep.equal(model.map(String))
      expect(buffer.length).to.equal(model.length)
      expect(buffer.bytes).to.equal(model.reduce((sum, kept) => sum + String(kept).length, 0))
    }), { numRuns: 100 })
  })
})
