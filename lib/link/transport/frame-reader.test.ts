import { expect } from 'chai'
import fc from 'fast-check'
import { FrameFault, FrameReader } from './frame-reader.ts'

interface Part {
  readonly opcode?: number
  readonly isFinal?: boolean
  readonly reserved?: number
  readonly isMasked?: boolean
  readonly mask?: readonly number[]
  readonly payload: Buffer
  /** What the header says of the length; left out: the truth. */
  readonly announced?: number
}

/** A client's frame, right or wrong. */
function frameOf({ opcode = 1, isFinal = true, reserved = 0, isMasked = true, mask = [1, 2, 3, 4], payload, announced = payload.length }: Part): Buffer {
  const lengths = announced < 126 ? [] : announced < 65_536 ? bigEndian(announced, 2) : bigEndian(announced, 8)
  const short = announced < 126 ? announced : announced < 65_536 ? 126 : 127
  const head = [(isFinal ? 0x80 : 0) | (reserved << 4) | opcode, (isMasked ? 0x80 : 0) | short, ...lengths, ...(isMasked ? mask : [])]
  const body = isMasked ? payload.map((byte, index) => byte ^ (mask[index & 3] ?? 0)) : payload
  return Buffer.concat([Buffer.from(head), body])
}

function bigEndian(value: number, bytes: number): number[] {
  return Array.from({ length: bytes }, (_, index) => Math.floor(value / 256 ** (bytes - 1 - index)) % 256)
}

const text = (payload: string, part: Omit<Part, 'payload'> = {}): Buffer => frameOf({ ...part, payload: Buffer.from(payload) })

/** What a reader tells of chunks, and the code of what it refuses. */
function read(chunks: readonly Buffer[], maxBytes = 1_048_576, sender: 'client' | 'server' = 'client'): { told: string[]; fault: number | undefined } {
  const told: string[] = []
  const reader = new FrameReader(sender, maxBytes, {
    text: (message) => told.push(message),
    ping: (payload) => told.push(`ping ${payload.toString()}`),
    pong: () => told.push('pong'),
    close: (code, reason) => told.push(`close ${code} ${reason}`),
  })
  try {
    // What is read is changed: the chunks of a test are used again.
    for (const chunk of chunks) reader.push(Buffer.from(chunk))
    return { told, fault: undefined }
  } catch (error) {
    return { told, fault: (error as FrameFault).closeCode }
  }
}

/** Cuts bytes into pieces of these lengths, over and over. */
function cut(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  const pieces: Buffer[] = []
  for (let at = 0, index = 0; at < bytes.length; index += 1) {
    const length = lengths[index % lengths.length] ?? 1
    pieces.push(bytes.subarray(at, at + length))
    at += length
  }
  return pieces
}

describe('FrameReader', () => {
  it('reads messages of every form of length', () => {
    const messages = [0, 1, 15, 16, 17, 125, 126, 127, 65_535, 65_536, 200_000].map((length) => 'x'.repeat(length))
    expect(read([Buffer.concat(messages.map((message) => text(message)))]).told).to.deep.equal(messages)
  })

  it('reads the same however the bytes are cut into chunks', () => {
    const piece = fc.record({ message: fc.string({ unit: 'grapheme', maxLength: 300 }), mask: fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 4, maxLength: 4 }) })
    fc.assert(fc.property(fc.array(piece, { maxLength: 8 }), fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 6 }), (pieces, lengths) => {
      const bytes = Buffer.concat(pieces.map(({ message, mask }) => text(message, { mask })))
      expect(read(cut(bytes, lengths)).told).to.deep.equal(pieces.map(({ message }) => message))
    }))
  })

  it('reads a message in fragments, with control frames between them', () => {
    const bytes = Buffer.concat([
      text('one ', { isFinal: false }), text('?', { opcode: 9 }), text('', { opcode: 0, isFinal: false }), text('!', { opcode: 10 }), text('message', { opcode: 0 }), text('next'),
    ])
    for (const lengths of [[1], [3, 7], [1_000]]) expect(read(cut(bytes, lengths)).told).to.deep.equal(['ping ?', 'pong', 'one message', 'next'])
  })

  it('takes a character that is cut by fragments, and binary messages that hold text', () => {
    const [first, second] = [Buffer.from('é').subarray(0, 1), Buffer.from('é').subarray(1)]
    const bytes = Buffer.concat([frameOf({ payload: first, isFinal: false }), frameOf({ payload: second, opcode: 0 }), frameOf({ payload: Buffer.from('ü'), opcode: 2 })])
    expect(read([bytes]).told).to.deep.equal(['é', 'ü'])
  })

  it('refuses what is no frame of a client', () => {
    const wrong = {
      'reserved bits': text('x', { reserved: 4 }),
      'no mask': text('x', { isMasked: false }),
      'an unknown kind': text('x', { opcode: 3 }),
      'an unknown control frame': text('x', { opcode: 11 }),
      'a fragmented control frame': text('x', { opcode: 9, isFinal: false }),
      'a long control frame': text('x'.repeat(126), { opcode: 9 }),
      'a continuation of nothing': text('x', { opcode: 0 }),
      'a message within a message': Buffer.concat([text('x', { isFinal: false }), text('y')]),
      'half a close code': text('x', { opcode: 8 }),
      'a close code that is never sent': frameOf({ opcode: 8, payload: Buffer.from(bigEndian(1006, 2)) }),
    }
    for (const [what, bytes] of Object.entries(wrong)) expect(read([bytes]), what).to.deep.equal({ told: [], fault: 1002 })
  })

  it('refuses a text that is not UTF-8, but not one with a replacement character', () => {
    expect(read([frameOf({ payload: Buffer.from([0x61, 0xff]) })]).fault).to.equal(1007)
    expect(read([frameOf({ payload: Buffer.from([0xed, 0xa0, 0x80]) })]).fault).to.equal(1007)
    expect(read([frameOf({ opcode: 8, payload: Buffer.from([...bigEndian(1000, 2), 0xff]) })]).fault).to.equal(1007)
    expect(read([text('\uFFFD')]).told).to.deep.equal(['\uFFFD'])
  })

  it('refuses a message that is too large when it is announced, also in fragments', () => {
    const announced = (length: number): Buffer => frameOf({ payload: Buffer.alloc(0), announced: length })
    for (const length of [101, 70_000, 2 ** 31, 2 ** 32, 2 ** 53 - 1]) expect(read([announced(length)], 100).fault, String(length)).to.equal(1009)
    const fragments = [text('x'.repeat(60), { isFinal: false }), text('x'.repeat(41), { opcode: 0 })]
    expect(read(fragments, 100).fault).to.equal(1009)
    expect(read([text('x'.repeat(100))], 100).fault).to.equal(undefined)
  })

  it('reads nothing after a close frame or after what it refused', () => {
    const close = frameOf({ opcode: 8, payload: Buffer.concat([Buffer.from(bigEndian(4000, 2)), Buffer.from('bye')]) })
    expect(read([Buffer.concat([close, text('x')]), text('y')]).told).to.deep.equal(['close 4000 bye'])
    expect(read([frameOf({ opcode: 8, payload: Buffer.alloc(0) })]).told).to.deep.equal(['close 1005 '])
    const told: string[] = []
    const reader = new FrameReader('client', 100, { text: (message) => told.push(message), ping: () => {}, pong: () => {}, close: () => {} })
    expect(() => reader.push(text('x', { isMasked: false }))).to.throw(FrameFault)
    reader.push(text('y'))
    expect(told).to.deep.equal([])
  })

  it('reads a server\'s frames, which are not masked, and refuses masked ones', () => {
    const messages = [0, 1, 125, 126, 65_535, 65_536].map((length) => 'x'.repeat(length))
    const bytes = Buffer.concat(messages.map((message) => text(message, { isMasked: false })))
    for (const lengths of [[1_000_000], [7, 100, 3]]) expect(read(cut(bytes, lengths), 1_048_576, 'server')).to.deep.equal({ told: messages, fault: undefined })
    expect(read([text('x')], 100, 'server')).to.deep.equal({ told: [], fault: 1002 })
  })
})
