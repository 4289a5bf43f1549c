import { once } from 'node:events'
import { connect as connectSocket } from 'node:net'
import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { eventually } from '../../helpers/eventually.ts'
import type { SocketMaster } from '../../helpers/socket-master.ts'
import { control, Stub } from './stub.ts'
import { close } from './wire.ts'

describe('The base dialect below its frames', () => {
  const stub = Stub.forSuite()

  /** A socket after its upgrade, or after whatever was asked instead. */
  async function rawSocket(at: SocketMaster, registers: boolean) {
    const socket = connectSocket({ host: '127.0.0.1', port: at.port })
    socket.on('error', () => {})
    stub.cleanups.add(() => socket.destroy())
    await once(socket, 'connect')
    socket.write(`GET /api/socket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`)
    await once(socket, 'data')
    if (registers) socket.write(frame(0x81, JSON.stringify({ seq: 1, type: 'register_control', data: control })))
    return socket
  }

  /** A masked frame; `length` lies where it is given. */
  function frame(firstByte: number, payload: string | Buffer, { isMasked = true, length = Buffer.byteLength(payload) } = {}): Buffer {
    const head = length < 126 ? Buffer.from([firstByte, length]) : Buffer.from([firstByte, 127, 0, 0, 0, 0, 0, 0, 0, 0])
    if (length >= 126) head.writeBigUInt64BE(BigInt(length), 2)
    if (isMasked) head[1] = (head[1] ?? 0) | 0x80
    return Buffer.concat([head, Buffer.alloc(isMasked ? 4 : 0), Buffer.from(payload)])
  }

  const breaches: Record<string, Buffer> = {
    'an unmasked frame': frame(0x81, '{}', { isMasked: false }),
    'invalid UTF-8': frame(0x81, Buffer.from([0xff, 0xff])),
    'a frame that is too long': frame(0x81, '', { length: 2 ** 40 }),
    'a reserved opcode': frame(0x83, ''),
    'reserved bits': frame(0xf1, ''),
    'a fragmented ping': frame(0x09, ''),
    'a continuation of nothing': frame(0x80, 'x'),
    'a close frame with a bad code': frame(0x88, Buffer.from([0, 1])),
    'a close frame with half a code': frame(0x88, Buffer.from([3])),
    'plain HTTP': Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    'noise': Buffer.alloc(4_096, 0xa5),
  }

  for (const registers of [false, true]) {
    it(`bears every breach of the WebSocket protocol ${registers ? 'after' : 'before'} the handshake, and frees the connection`, async () => {
      for (const [what, bytes] of Object.entries(breaches)) {
        const socket = await rawSocket(stub.master, registers)
        if (registers) await eventually(() => expect(stub.master.links.at(-1)?.isOpen, what).to.equal(true))
        const ended = once(socket, 'close')
        socket.resume()
        socket.write(bytes)
        await ended
      }
      await eventually(() => expect(stub.master.connections).to.equal(0))
      await eventually(() => expect(stub.master.links.some(({ isOpen }) => isOpen)).to.equal(false))
      await stub.control()
    })

    it(`bears connections that break ${registers ? 'after' : 'before'} the handshake, at once or within a frame`, async () => {
      for (let count = 0; count < 30; count += 1) {
        const socket = await rawSocket(stub.master, registers)
        if (count % 3 > 0) socket.write(frame(0x81, 'x'.repeat(1_000)).subarray(0, 500))
        if (count % 2 > 0) socket.resetAndDestroy()
        else socket.destroy()
      }
      await eventually(() => expect(stub.master.connections).to.equal(0))
      await stub.control()
    })
  }

  it('takes messages in fragments', async () => {
    const socket = await rawSocket(stub.master, true)
    socket.write(Buffer.concat([frame(0x01, '{"seq":2,"type":"echo_request",'), frame(0x89, 'ping'), frame(0x80, '"data":{"n":41}}')]))
    await eventually(() => expect(stub.master.owner.requests).to.deep.equal([41]))
  })

  it('tells who sends a message that is too large, in words and in the close code', async () => {
    const one = await stub.control()
    one.say(JSON.stringify({ seq: 2, type: 'echo_request', data: { n: 1, text: 'x'.repeat(2 * 1024 * 1024) } }))
    expect(await one.last()).to.deep.equal([close(3, 'Invalid message: A message is larger than 1048576 bytes')])
    expect(one.closed?.code).to.equal(1009)
  })
})
