import { expect } from 'chai'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocket } from 'ws'
import { Cleanups } from '../../../test/helpers/cleanups.ts'
import { eventually } from '../../../test/helpers/eventually.ts'
import { FrameSocket } from './frame-socket.ts'
import { acceptUpgrade } from './upgrade.ts'

const cleanups = new Cleanups()
const maxBytes = 1_000

interface Accepted {
  readonly server: FrameSocket
  readonly socket: Duplex
  readonly protocol: string | undefined
  readonly heard: string[]
  /** How often bytes came. */
  readonly arrivals: () => number
  /** Settles when the transport says that it is closed. */
  readonly closed: Promise<{ code: number; reason: string }>
}

/** A server that makes a FrameSocket of the next connection. */
async function listening(): Promise<{ port: number; accepted: Promise<Accepted> }> {
  const http = createServer()
  cleanups.add(() => new Promise((resolve) => {
    http.close(resolve)
    http.closeAllConnections()
  }))
  const accepted = new Promise<Accepted>((resolve) => {
    http.once('upgrade', (request, socket, head) => {
      cleanups.add(() => socket.destroy())
      const protocol = acceptUpgrade(request, socket, 'corral.1')
      const server = new FrameSocket(socket, head, { side: 'server', address: 'test', maxBytes })
      const heard: string[] = []
      let arrived = 0
      const closed = new Promise<{ code: number; reason: string }>((close) => {
        server.start({ frame: (text) => heard.push(text), alive: () => heard.push('alive'), arrived: () => { arrived += 1 }, closed: close })
      })
      resolve({ server, socket, protocol, heard, arrivals: () => arrived, closed })
    })
  })
  http.listen({ host: '127.0.0.1', port: 0 })
  await once(http, 'listening')
  return { port: (http.address() as AddressInfo).port, accepted }
}

async function connected(protocols: string[] = []): Promise<Accepted & { client: WebSocket }> {
  const { port, accepted } = await listening()
  const client = new WebSocket(`ws://127.0.0.1:${port}`, protocols)
  cleanups.add(() => client.terminate())
  await once(client, 'open')
  return { client, ...await accepted }
}

afterEach(() => cleanups.run())

describe('FrameSocket', () => {
  it('agrees on the subprotocol that it knows, and on no other', async () => {
    expect((await connected(['other', 'corral.1'])).protocol).to.equal('corral.1')
    expect((await connected()).protocol).to.equal(undefined)
  })

  it('carries texts both ways, those of one turn in order', async () => {
    const { client, server, heard } = await connected()
    const got: string[] = []
    client.on('message', (data: Buffer) => got.push(data.toString()))
    for (const text of ['one', 'zwei é', '三'.repeat(300)]) server.send(text)
    client.send('hello')
    server.send('last')
    while (!got.includes('last')) await once(client, 'message')
    expect(got).to.deep.equal(['one', 'zwei é', '三'.repeat(300), 'last'])
    client.ping()
    await once(client, 'pong')
    expect(heard).to.deep.equal(['hello', 'alive'])
  })

  it('reads what came along with the request for the upgrade', async () => {
    const { port, accepted } = await listening()
    const raw = connect(port, '127.0.0.1')
    cleanups.add(() => raw.destroy())
    const request = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n'
    const hi = [0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69]
    const goodbye = [0x88, 0x80, 0, 0, 0, 0]
    raw.end(Buffer.concat([Buffer.from(request), Buffer.from([...hi, ...goodbye])]))
    const { heard, closed } = await accepted
    expect((await closed).code).to.equal(1005)
    expect(heard).to.deep.equal(['hi'])
  })

  it('says goodbye with a reason, and takes the goodbye of its peer', async () => {
    const first = await connected()
    first.server.close(4000, 'enough')
    const [code, reason] = await once(first.client, 'close') as [number, Buffer]
    expect([code, reason.toString()]).to.deep.equal([4000, 'enough'])
    expect((await first.closed).code).to.equal(4000)
    const second = await connected()
    second.client.close(3000, 'bye')
    expect(await second.closed).to.deep.equal({ code: 3000, reason: 'bye' })
  })

  it('tells its peer and its owner what was wrong with a frame', async () => {
    const { client, closed } = await connected()
    client.send('x'.repeat(maxBytes + 1))
    expect((await once(client, 'close'))[0]).to.equal(1009)
    expect((await closed).code).to.equal(1009)
  })

  it('answers no pings of a peer that does not read', async () => {
    const { client, socket, server, heard } = await connected()
    client.pause()
    for (let sent = 0; sent < 100; sent += 1) server.send('x'.repeat(1_000_000))
    server.flush()
    for (let sent = 0; sent < 1_000; sent += 1) client.ping('x'.repeat(100))
    client.send('done')
    const before = socket.writableLength
    expect(before).to.be.above(1_000_000)
    await eventually(() => expect(heard).to.include('done'))
    expect(socket.writableLength).to.be.at.most(before)
  })

  it('writes what is sent together at once, in parts that the peer can begin with', async () => {
    const { client, server, socket } = await connected()
    const writes: number[] = []
    const write = socket.write.bind(socket)
    socket.write = (chunk: Buffer): boolean => {
      writes.push(chunk.length)
      return write(chunk)
    }
    let got = 0
    client.on('message', () => { got += 1 })
    const sendAll = async (texts: readonly string[]): Promise<number> => {
      writes.length = 0
      got = 0
      for (const text of texts) server.send(text)
      await eventually(() => expect(got).to.equal(texts.length))
      return writes.length
    }
    const times = (count: number, text: string): string[] => Array.from({ length: count }, () => text)
    expect([await sendAll(times(39, 'x')), await sendAll(times(40, 'x')), await sendAll(times(100, 'x'))]).to.deep.equal([1, 1, 3])
    expect(await sendAll(times(3, 'x'.repeat(20_000)))).to.equal(2)
  })

  it('sends what waits to a peer that hangs up', async () => {
    const { client, server, socket, closed } = await connected()
    const got = once(client, 'message')
    socket.prependListener('end', () => server.send('last'))
    const { _socket: raw } = client as unknown as { _socket: Socket }
    raw.end()
    expect(String((await got)[0])).to.equal('last')
    await closed
  })

  it('tells of bytes that come before their message is whole', async () => {
    const { port, accepted } = await listening()
    const raw = connect(port, '127.0.0.1')
    cleanups.add(() => raw.destroy())
    raw.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n')
    const { arrivals, heard } = await accepted
    const before = arrivals()
    raw.write(Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x68]))
    await eventually(() => expect(arrivals()).to.be.above(before))
    expect(heard).to.deep.equal([])
  })

  it('sends nothing and stays quiet once it is closed', async () => {
    const { server, closed } = await connected()
    server.terminate()
    expect((await closed).code).to.equal(1006)
    expect(server.isOpen).to.equal(false)
    for (const call of [() => server.send('x'), () => server.ping(), () => server.close(1000, ''), () => server.terminate()]) expect(call).to.not.throw()
    expect(server.bufferedBytes).to.equal(0)
  })
})
