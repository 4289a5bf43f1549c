import { expect } from 'chai'
import fc from 'fast-check'
import { encodeFrame, FrameReader } from './frame.ts'

function readAll(reader: FrameReader): string[] {
  const texts: string[] = []
  for (let body = reader.next(); body; body = reader.next()) texts.push(body.toString())
  return texts
}

describe('FrameReader', () => {
  it('gives back the texts of frames, wherever their bytes are split', () => {
    const texts = fc.array(fc.string({ minLength: 1, unit: 'binary' }), { maxLength: 20 })
    fc.assert(fc.property(texts, fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), (sent, sizes) => {
      const bytes = Buffer.concat(sent.map(encodeFrame))
      const reader = new FrameReader(1_000)
      const got: string[] = []
      for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
        const size = sizes[turn % sizes.length] ?? 1
        reader.push(bytes.subarray(at, at + size))
        at += size
        if (turn % 3 !== 0) got.push(...readAll(reader))
      }
      got.push(...readAll(reader))
      expect(got).to.deep.equal(sent)
      expect(reader.pendingBytes).to.equal(0)
    }))
  })

  it('takes little more memory than has come, in however many pieces', () => {
    const reader = new FrameReader(16 * 1_048_576)
    const head = Buffer.alloc(4)
    head.writeInt32LE(16 * 1_048_576)
    reader.push(head)
    const before = process.memoryUsage()
    const byte = Buffer.of(0x20)
    for (let count = 0; count < 300_000; count += 1) reader.push(byte)
    const after = process.memoryUsage()
    expect(after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers).to.be.below(20 * 1_048_576)
    expect(reader.pendingBytes).to.equal(300_004)
    expect(reader.next()).to.equal(undefined)
  })

  it('refuses lengths that can\'t be', () => {
    for (const length of [0, -1, -2_147_483_648, 101, 2_147_483_647]) {
      const head = Buffer.alloc(4)
      head.writeInt32LE(length)
      const reader = new FrameReader(100)
      reader.push(head)
      expect(() => reader.next(), String(length)).to.throw().with.property('code', 'malformed')
    }
  })
})
