import { expect } from 'chai'
import { once } from 'node:events'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import { Cleanups } from '../../test/helpers/cleanups.ts'
import { eventually } from '../../test/helpers/eventually.ts'
import { peerSecret, TestTurntables } from '../../test/helpers/turntable.ts'

describe('turntable with a server of somebody else', () => {
  const cleanups = new Cleanups()
  const { port, start, user } = new TestTurntables(cleanups)
  afterEach(() => cleanups.run())

  interface Seen { readonly headers: Record<string, unknown>; readonly protocol: string; readonly frames: unknown[]; readonly ws: WebSocket }
  const seen: Seen[] = []

  async function startOther(port: number): Promise<WebSocketServer> {
    seen.length = 0
    const server = new WebSocketServer({ port, host: '127.0.0.1', handleProtocols: () => 'turntable' })
    cleanups.add(() => {
      for (const ws of server.clients) ws.terminate()
      server.close()
    })
    server.on('connection', (ws, request) => {
      const entry: Seen = { headers: request.headers, protocol: ws.protocol, frames: [], ws }
      seen.push(entry)
      ws.on('message', (data: Buffer) => entry.frames.push(JSON.parse(data.toString())))
      ws.send('{"command":"idyou","data":{}}')
    })
    await once(server, 'listening')
    return server
  }

  const frames = (count: number): Promise<unknown[]> => eventually(() => {
    expect(seen[0]?.frames).to.have.length(count)
    return seen[0]!.frames
  })

  it('opens one connection when it is first needed, and shows the secret', async () => {
    await start(2, 1)
    await startOther(port(1))
    const client = await user(0, '1:100')
    client.send('subscribe', ['1:100'])
    await client.sync()
    expect(seen).to.have.length(0)
    client.send('subscribe', ['1:200', '1:2345'])
    client.send('joingame', { channel: 'room', self: '1:200', invite: ['1:2345'] })
    expect(await frames(3)).to.have.deep.members([
      { command: 'subscribe', data: ['1:200', '1:2345'] },
      { command: 'userbind', data: { user: '1:200', channel: 'room', bound: true } },
      { command: 'invite', data: { user: '1:2345', channel: 'room' } },
    ])
    expect(seen).to.have.length(1)
    expect(seen[0]!.headers).to.include({ authorization: `Bearer ${peerSecret}` })
    const { ws } = seen[0]!
    ws.send('{"command":"userchange","data":{"1:200":"online","1:2345":"busy","1:999":"busy","1:100":"offline"}}')
    expect(await client.expect('userchange')).to.deep.equal({ '1:200': 'online', '1:2345': 'busy' })
    client.ws.terminate()
    expect((await frames(4))[3]).to.deep.equal({ command: 'userbind', data: { user: '1:200', channel: 'room', bound: false } })
  })

  it('ignores what is malformed, hostile or of no use in what it sends', async () => {
    await start(2, 1)
    await startOther(port(1))
    const client = await user(0, '1:100')
    client.send('subscribe', ['1:200'])
    await frames(1)
    const { ws } = seen[0]!
    for (const text of ['', '{', 'null', '[]', '"userchange"', '{"command":"userchange"}', '{"command":"userchange","data":[["1:200","busy"]]}', '{"command":"userchange","data":{"1:200":"away"}}', '{"command":"idme","data":"1:100"}', '{"command":"nonsense"}']) ws.send(text)
    ws.send(Buffer.alloc(100))
    ws.send('{"command":"userchange","data":{"1:200":"busy"}}')
    expect(await client.expect('userchange')).to.deep.equal({ '1:200': 'busy' })
  })

  it('makes a new connection when it is lost, and renews what it asked for', async () => {
    await start(2, 1)
    await startOther(port(1))
    const client = await user(0, '1:100')
    client.send('subscribe', ['1:200'])
    await frames(1)
    seen[0]!.ws.send('{"command":"userchange","data":{"1:200":"online"}}')
    await client.expect('userchange')
    const [{ ws }] = seen as [Seen]
    seen.length = 0
    ws.terminate()
    expect(await frames(1)).to.deep.equal([{ command: 'subscribe', data: ['1:200'] }])
    seen[0]!.ws.send('{"command":"userchange","data":{"1:200":"online"}}')
    seen[0]!.ws.send('{"command":"userchange","data":{"1:200":"busy"}}')
    // It was back within two seconds: nothing has changed in between.
    expect(await client.expect('userchange')).to.deep.equal({ '1:200': 'busy' })
  })

  it('notices a server that is silent', async () => {
    await start(2, 1, { 'turntable.ping_interval_ms': 50, 'turntable.pong_timeout_ms': 100 })
    const server = await startOther(port(1))
    const client = await user(0, '1:100')
    client.send('subscribe', ['1:200'])
    await frames(1)
    for (const { ws } of seen) ws.pause()
    await eventually(() => expect(seen.length).to.be.greaterThan(1))
    expect(server.clients.size).to.be.greaterThan(0)
  })
})
