import { expect } from 'chai'
import fc from 'fast-check'
import { FrameReader } from './frame-reader.ts'
import { controlFrame, textFrames } from './frames.ts'

/** What a server reads of bytes. */
function read(bytes: Buffer): string[] {
  const told: string[] = []
  const reader = new FrameReader('client', 1_048_576, {
    text: (message) => told.push(message),
    ping: (payload) => told.push(`ping ${payload.toString()}`),
    pong: () => told.push('pong'),
    close: (code, reason) => told.push(`close ${code} ${reason}`),
  })
  reader.push(Buffer.from(bytes))
  return told
}

describe('textFrames of a client', () => {
  it('writes frames of every form of length that a server reads', () => {
    const texts = [0, 1, 15, 16, 17, 125, 126, 127, 65_535, 65_536, 70_000].map((length) => 'x'.repeat(length))
    expect(read(textFrames(texts, true))).to.deep.equal(texts)
  })

  it('carries any text', () => {
    fc.assert(fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 300 }), { maxLength: 8 }), (texts) => {
      expect(read(textFrames(texts, true))).to.deep.equal(texts)
    }))
  })

  it('masks each frame with bytes of its own', () => {
    const masks = new Set<number>()
    // More than are fetched at once.
    for (let sent = 0; sent < 3_000; sent += 1) masks.add(textFrames(['x'], true).readUInt32BE(2))
    expect(masks.size).to.be.above(2_990)
  })
})

describe('controlFrame of a client', () => {
  it('writes masked control frames', () => {
    const frames = [controlFrame('ping', Buffer.from('hi'), true), controlFrame('pong', Buffer.alloc(0), true), controlFrame('close', Buffer.from([0x0f, 0xa0, 0x6f, 0x6b]), true)]
    expect(read(Buffer.concat(frames))).to.deep.equal(['ping hi', 'pong', 'close 4000 ok'])
  })
})
