import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import { silentLogger } from '../../lib/log/logger.ts'
import { Cleanups } from '../../test/helpers/cleanups.ts'
import { eventually } from '../../test/helpers/eventually.ts'
import { FakeProvider, startGateway } from '../../test/helpers/gateway.ts'
import type { Frame, GatewayClient, TestGateway } from '../../test/helpers/gateway.ts'
import { Provider } from './external/provider.ts'

/** A text frame or a close frame as a client sends it, masked with zeros. */
function clientFrame(opcode: 1 | 8, payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | payload.length, 0, 0, 0, 0]), payload])
}

describe('the gateway where messages of providers and clients cross, or are spelled otherwise', () => {
  const cleanups = new Cleanups()
  afterEach(() => cleanups.run())

  interface Scene { gateway: TestGateway; provider: FakeProvider; client: GatewayClient; server: number; cn: number }

  async function connected(kind: 'webSocket' | 'tcp' = 'webSocket', fields: object = {}): Promise<Scene> {
    const provider = await FakeProvider[kind](cleanups)
    const gateway = await startGateway(cleanups, { providers: [{ name: 'arena', url: provider.url, secret: 'hush' }], ...fields })
    const client = await gateway.connect()
    const server = await client.service('arena')
    expect(await client.ask({ type: 1, subtype: 0, server })).to.include({ ok: true })
    return { gateway, provider, client, server, cn: (await provider.next()).cn as number }
  }

  /** Frames that a provider got up to now: the gateway's answer to a challenge comes behind them. */
  async function settled(provider: FakeProvider): Promise<Frame[]> {
    provider.send({ type: 1, subtype: 8, data: ['settled'] })
    const frames: Frame[] = []
    for (;;) {
      const frame = await provider.next()
      if (frame.cn === undefined) return frames
      frames.push(frame)
    }
  }

  it('sends a request as one line, whatever line ends the client has put between its members', async () => {
    const { provider, client, server, cn } = await connected('tcp')
    client.raw(`{\r\n"type":1,"subtype":7,"server":${server},"id":[\n1],"args":[\n{"type":1,"cn":1,"subtype":7,"client":"root"}\n\r, "a\\nb"]}`)
    expect(await provider.next()).to.deep.equal({ type: 1, cn, subtype: 7, id: [1], args: [{ type: 1, cn: 1, subtype: 7, client: 'root' }, 'a\nb'] })
    expect(await settled(provider)).to.deep.equal([])
  })

  it('takes null for the id of a request that has none, unless one has null', async () => {
    const { provider, client, server, cn } = await connected()
    client.send({ type: 1, subtype: 6, server, data: 1 })
    client.send({ type: 1, subtype: 6, server, id: null, data: 2 })
    provider.send({ type: 2, cn, subtype: 6, id: null, ok: true, data: ['null'] })
    provider.send({ type: 2, cn, subtype: 6, id: null, ok: true, data: ['none'] })
    await provider.next()
    await provider.next()
    client.raw('?')
    const [first, second] = [await client.until(({ type, subtype }) => type === 2 && subtype === 6), await client.next()]
    expect([first, second]).to.deep.equal([
      { type: 2, subtype: 6, server, id: null, ok: true, data: ['null'] }, { type: 2, subtype: 6, server, ok: true, data: ['none'] },
    ])
  })

  it('knows an id again with its members in another order', async () => {
    const { provider, client, server, cn } = await connected()
    client.raw(`{"type":1,"subtype":6,"server":${server},"id":{"b":[{"x":1,"y":2}],"a":2}}`)
    await provider.next()
    provider.raw(`{"type":2,"cn":${cn},"subtype":6,"id":{"a":2,"b":[{"y":2,"x":1}]},"ok":true}`)
    expect(await client.nextText()).to.equal(`{"type":2,"subtype":6,"server":${server},"id":{"b":[{"x":1,"y":2}],"a":2},"ok":true,"data":[]}`)
  })

  it('dials a provider that takes connections only to close them ever less often, and reports it once', async () => {
    const random = Math.random
    Math.random = () => 0.99
    cleanups.add(() => { Math.random = random })
    let dials = 0
    const server = createServer((socket) => {
      dials += 1
      socket.on('error', () => {})
      socket.destroy()
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    cleanups.add(() => new Promise((resolve) => { server.close(resolve) }))
    const lines: string[] = []
    const log = { ...silentLogger, info: (line: string) => { lines.push(line) }, warn: (line: string) => { lines.push(line) } }
    const nothing = (): void => {}
    const provider = new Provider({
      setting: { name: 'flap', url: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}` }, backoffCapMs: 1_000, log,
      events: { opened: nothing, lost: nothing, received: nothing, ignored: nothing },
    })
    cleanups.add(() => provider.close())
    const startedAt = performance.now()
    provider.dial()
    await eventually(() => { expect(dials).to.be.at.least(5) })
    // 50, 100, 200 and 400 ms lie between them.
    expect(performance.now() - startedAt).to.be.above(600)
    expect(lines).to.have.length(1)
  })

  it('sends valid JSON, whatever numbers it gets', async () => {
    const { provider, client, server, cn } = await connected()
    client.raw(`{"type":1,"subtype":1e999,"server":${server},"id":1}`)
    expect(await client.next()).to.deep.equal({ type: 2, subtype: null, server, id: 1, ok: false, error: 'bad request' })
    client.raw(`{"type":9,"subtype":-1e999,"server":1e999}`)
    expect(await client.next()).to.deep.equal({ type: 2, subtype: null, ok: false, error: 'bad request' })
    provider.raw(`{"type":3,"cns":[${cn}],"subtype":1e999,"data":[]}`)
    provider.raw(`{"type":3,"cns":[${cn}],"subtype":1,"data":[]}`)
    expect(await client.next()).to.deep.equal({ type: 3, subtype: 1, server, data: [] })
  })

  it('tells the provider when a client has said goodbye, even if it leaves the connection below open', async () => {
    const { gateway, provider, server } = await connected()
    const socket = connect({ port: gateway.port, host: '127.0.0.1', allowHalfOpen: true })
    cleanups.add(() => socket.destroy())
    socket.on('error', () => {})
    socket.write(`GET /gateway/ HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}\r\nSec-WebSocket-Version: 13\r\n\r\n`)
    await once(socket, 'data')
    socket.on('data', () => {})
    socket.write(clientFrame(1, Buffer.from(JSON.stringify({ type: 1, subtype: 0, server }))))
    const { cn } = await provider.next()
    socket.write(clientFrame(8, Buffer.from([0x03, 0xe8])))
    const askedAt = performance.now()
    expect(await provider.next()).to.deep.equal({ type: 1, cn, subtype: 9 })
    expect(performance.now() - askedAt).to.be.below(900)
  })

  it('sends one notice for a client that goes with a second connect open, however that is answered', async () => {
    const { provider, client, server, cn } = await connected()
    provider.answers.delete(0)
    client.send({ type: 1, subtype: 0, server })
    await provider.next()
    client.ws.close()
    expect(await provider.next()).to.deep.equal({ type: 1, cn, subtype: 9 })
    provider.send({ type: 2, cn, subtype: 0, ok: true, data: [] })
    expect(await settled(provider)).to.deep.equal([])
  })

  it('gives the answer to a connect that was given up to no newer one', async () => {
    const { provider, client, server, cn } = await connected()
    provider.answers.delete(0)
    await client.ask({ type: 4 })
    await provider.next()
    client.send({ type: 1, subtype: 0, server })
    expect(await client.ask({ type: 1, subtype: 9, server })).to.deep.equal({ type: 2, subtype: 0, server, ok: false, error: 'not connected' })
    expect(await client.next()).to.include({ subtype: 9, ok: true })
    client.send({ type: 1, subtype: 0, server })
    expect([await provider.next(), await provider.next(), await provider.next()].map(({ subtype }) => subtype as number)).to.deep.equal([0, 9, 0])
    provider.send({ type: 2, cn, subtype: 0, ok: true, data: ['first'] })
    provider.send({ type: 2, cn, subtype: 0, ok: false, error: 'full' })
    expect(await client.next()).to.deep.equal({ type: 2, subtype: 0, server, ok: false, error: 'full' })
    expect(await client.ask({ type: 1, subtype: 2, server })).to.include({ error: 'not connected' })
    expect(await settled(provider)).to.deep.equal([])
  })

  it('gives the answer to a connect behind one that nobody ever answered to that connect', async () => {
    const { provider, client, server, cn } = await connected('webSocket', { request_timeout_ms: 60 })
    provider.answers.delete(0)
    expect(await client.ask({ type: 1, subtype: 0, server })).to.include({ error: 'timeout' })
    client.send({ type: 1, subtype: 0, server })
    await provider.next()
    await provider.next()
    provider.send({ type: 2, cn, subtype: 0, ok: true, data: ['second'] })
    expect(await client.next()).to.deep.equal({ type: 2, subtype: 0, server, ok: true, data: ['second'] })
  })

  it('keeps the stored identifier where a later verification names none, and has a word for every refusal', async () => {
    const { provider, client, server } = await connected()
    const answers: object[] = [{ ok: true, client: 'ann' }, { ok: true }]
    provider.answers.set(1, () => answers.shift())
    provider.answers.set(6, () => ({ ok: false }))
    for (let index = 0; index < 2; index += 1) {
      await client.ask({ type: 1, subtype: 1, server })
      await provider.next()
    }
    expect(await client.ask({ type: 1, subtype: 6, server })).to.deep.equal({ type: 2, subtype: 6, server, ok: false, error: 'forbidden' })
    expect((await provider.next()).client).to.equal('ann')
  })

  it('disconnects from a provider that is away, and tells who was connected to it from who was not', async () => {
    const { gateway, provider, client, server } = await connected()
    const other = await gateway.connect()
    await other.service('arena')
    await provider.stop()
    const isAway = ({ data }: Frame): boolean => (data as Frame[]).some(({ online }) => online === false)
    await Promise.all([client.until(isAway), other.until(isAway)])
    expect(await client.ask({ type: 1, subtype: 2, server })).to.include({ error: 'service gone' })
    expect(await other.ask({ type: 1, subtype: 2, server })).to.include({ error: 'not connected' })
    expect(await other.ask({ type: 1, subtype: 0, server })).to.include({ error: 'service gone' })
    for (const one of [client, other]) expect(await one.ask({ type: 1, subtype: 9, server })).to.deep.equal({ type: 2, subtype: 9, server, ok: true, data: [] })
    expect(await client.ask({ type: 1, subtype: 2, server })).to.include({ error: 'not connected' })
  })
})
