import { expect } from 'chai'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocket, WebSocketServer } from 'ws'
import { Cleanups } from '../../test/helpers/cleanups.ts'
import { eventually } from '../../test/helpers/eventually.ts'
import { messageFrame } from '../link/transport/server-frames.ts'
import { WebSocketConnection } from './websocket-connection.ts'

describe('WebSocketConnection', () => {
  const cleanups = new Cleanups()
  afterEach(() => cleanups.run())
  let connection: WebSocketConnection
  let socket: Duplex
  let client: WebSocket
  let heard: string[]
  let hasEnded: Promise<void>
  let drained: number

  beforeEach(async () => {
    heard = []
    drained = 0
    const server = createServer()
    const webSockets = new WebSocketServer({ noServer: true, perMessageDeflate: false })
    cleanups.add(() => server.close())
    hasEnded = new Promise((resolve) => {
      server.on('upgrade', (request, upgraded: Duplex, head) => {
        socket = upgraded
        webSockets.handleUpgrade(request, upgraded, head, (ws) => {
          connection = new WebSocketConnection({
            ws, socket: upgraded, heartbeat: { intervalMs: 20_000, timeoutMs: 10_000 }, goodbyeMs: 100,
            events: {
              message: (data) => {
                heard.push(data.toString())
                if (data.toString() === 'hold') connection.hold()
              },
              failed: (error) => { throw error },
              ended: resolve,
              drained: () => { drained += 1 },
            },
          })
        })
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
    cleanups.add(() => client.terminate())
    await once(client, 'open')
  })

  it('does not count what this tick adds, up to a bound, nor the write that is under way', async () => {
    const frame = messageFrame(Buffer.alloc(2_000_000))
    connection.send(frame)
    connection.send(frame)
    expect([connection.bufferedBytes, connection.queuedBytes]).to.deep.equal([0, 2 * frame.length])
    connection.send(frame)
    expect(connection.bufferedBytes).to.equal(3 * frame.length - 4_194_304)
    client.pause()
    await eventually(() => { expect(connection.queuedBytes).to.equal(socket.writableLength) })
    for (let count = 0; count < 10 && connection.bufferedBytes === 0; count += 1) {
      connection.send(frame)
      await new Promise((resolve) => { setImmediate(resolve) })
    }
    expect(connection.bufferedBytes).to.be.above(0).and.below(connection.queuedBytes)
    client.resume()
    await eventually(() => { expect(connection.queuedBytes).to.equal(0) })
    expect(connection.bufferedBytes).to.equal(0)
    expect(drained).to.be.above(0)
  })

  it('keeps what it has read already until it is released, in order', async () => {
    for (const text of ['a', 'hold', 'b', 'hold', 'c']) client.send(text)
    await eventually(() => { expect(heard).to.deep.equal(['a', 'hold']) })
    connection.release()
    await eventually(() => { expect(heard).to.deep.equal(['a', 'hold', 'b', 'hold']) })
    connection.release()
    await eventually(() => { expect(heard).to.deep.equal(['a', 'hold', 'b', 'hold', 'c']) })
  })

  it('sends what was sent before it is closed, and cuts off a peer that does not answer', async () => {
    const got: string[] = []
    client.on('message', (data: Buffer) => got.push(data.toString()))
    connection.send(messageFrame('last'))
    connection.close(4000, 'x'.repeat(200))
    connection.send(messageFrame('never'))
    expect(connection.isOpen).to.equal(false)
    const [code, reason] = await once(client, 'close') as [number, Buffer]
    expect([got, code, reason.length]).to.deep.equal([['last'], 4000, 123])
    await hasEnded
  })

  it('is over in time though the peer reads nothing', async () => {
    client.pause()
    connection.close(1001, '')
    await once(socket, 'close')
    await hasEnded
  })
})
