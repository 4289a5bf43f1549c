import { expect } from 'chai'
import { PassThrough } from 'node:stream'
import { silentLogger } from '../../lib/log/logger.ts'
import { FrameMeter } from './frame-meter.ts'
import { HalfMessages } from './half-messages.ts'

/** A client's frame; what its payload says is never looked at. */
function frame(length: number, { opcode = 1, isFinal = true } = {}): Buffer {
  const header = length < 126 ? Buffer.from([0, 0x80 | length]) : length < 65_536 ? Buffer.from([0, 0xfe, 0, 0]) : Buffer.alloc(10)
  header[0] = opcode | (isFinal ? 0x80 : 0)
  if (length >= 65_536) {
    header[1] = 0xff
    header.writeBigUInt64BE(BigInt(length), 2)
  } else if (length >= 126) {
    header.writeUInt16BE(length, 2)
  }
  return Buffer.concat([header, Buffer.alloc(4), Buffer.alloc(length)])
}

describe('FrameMeter', () => {
  it('counts nothing of messages that have come whole, however they are cut and whatever their length', () => {
    const stream = Buffer.concat([0, 1, 125, 126, 127, 65_535, 65_536, 70_000].map((length) => frame(length)))
    for (const size of [1, 7, 1_000, stream.length]) {
      const meter = new FrameMeter()
      let kept = 0
      for (let at = 0; at < stream.length; at += size) kept = meter.push(stream.subarray(at, at + size))
      expect(kept, `in pieces of ${size}`).to.equal(0)
    }
  })

  it('counts what has come of an unfinished message, fragments and what each piece costs included', () => {
    const meter = new FrameMeter()
    const first = meter.push(frame(1_000, { isFinal: false }))
    expect(first).to.be.within(1_000, 1_500)
    const withPing = meter.push(frame(100, { opcode: 9 }))
    expect(withPing - first).to.be.below(300)
    expect(meter.push(frame(5_000, { opcode: 0 }).subarray(0, 3_000))).to.be.within(3_900, 5_000)
    for (let i = 0; i < 100; i += 1) meter.push(Buffer.alloc(1))
    expect(meter.push(Buffer.alloc(1))).to.be.above(100 * 200)
    expect(meter.push(Buffer.alloc(5_006 - 3_000 + 2 - 101))).to.equal(0)
  })
})

describe('HalfMessages', () => {
  function connection(all: HalfMessages, address = '192.0.2.1') {
    const socket = new PassThrough()
    socket.on('error', () => {})
    const known = all.watch(socket, address)
    return { socket, known, read: () => socket.on('data', () => {}) }
  }

  const half = frame(400_000).subarray(0, 300_000)
  const turn = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve) })

  it('end the connection that has most, and no other, where all together are too much', async () => {
    const all = new HalfMessages(1_000_000, silentLogger)
    const connections = [1, 2, 3].map(() => connection(all))
    const small = connection(all)
    for (const { socket, read } of connections) {
      read()
      socket.write(half)
    }
    small.read()
    small.socket.write(frame(20_000).subarray(0, 10_000))
    await turn()
    expect(connections.map(({ socket }) => socket.destroyed)).to.deep.equal([false, false, false])
    connections[1]?.socket.write(Buffer.alloc(99_000))
    await turn()
    expect([...connections, small].map(({ socket }) => socket.destroyed)).to.deep.equal([false, true, false, false])
  })

  it('count no connection that is known or gone, and pass on all that comes', async () => {
    const all = new HalfMessages(1_000_000, silentLogger)
    const [known, gone] = [connection(all), connection(all)]
    let read = 0
    known.socket.on('data', ({ length }: Buffer) => { read += length })
    gone.read()
    for (const { socket } of [known, gone]) socket.write(half)
    await turn()
    known.known()
    gone.socket.destroy()
    await turn()
    for (let i = 0; i < 10; i += 1) known.socket.write(half)
    await turn()
    expect(read).to.equal(11 * 300_000)
    const others = [1, 2, 3].map(() => connection(all))
    for (const { socket, read: begin } of others) {
      begin()
      socket.write(half)
    }
    await turn()
    expect([known, ...others].map(({ socket }) => socket.destroyed)).to.deep.equal([false, false, false, false])
  })
})
