import { expect } from 'chai'
import { once } from 'node:events'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import { Cleanups } from '../../test/helpers/cleanups.ts'
import { eventually } from '../../test/helpers/eventually.ts'
import { freePort } from '../../test/helpers/free-port.ts'
import { startTestMaster } from '../../test/helpers/master.ts'
import type { TestMaster } from '../../test/helpers/master.ts'
import { plugin } from './index.ts'
import { TestClient } from '../../test/helpers/turntable-client.ts'

const secret = 'a secret of servers'

describe('turntable servers together', () => {
  const cleanups = new Cleanups()
  let servers: string[] = []
  let masters: TestMaster[] = []
  afterEach(() => cleanups.run())

  async function startOne(self: number, config: Record<string, unknown> = {}): Promise<TestMaster> {
    return startTestMaster(cleanups, {
      plugins: [plugin],
      port: Number(new URL(servers[self]!).port),
      config: { 'turntable.servers': servers, 'turntable.self': self, 'turntable.peer_secret': secret, ...config },
    })
  }

  /** Reserves addresses for so many servers, and starts the first of them. */
  async function start(count: number, running = count, config: Record<string, unknown> = {}): Promise<void> {
    servers = []
    while (servers.length < count) servers.push(`ws://127.0.0.1:${await freePort()}`)
    masters = []
    for (let self = 0; self < running; self++) masters.push(await startOne(self, config))
  }

  const connect = (self: number, options = {}): Promise<TestClient> => TestClient.connect(cleanups, servers[self]!, options)
  const user = (self: number, id: string): Promise<TestClient> => TestClient.user(cleanups, servers[self]!, id)

  async function subscribed(self: number, ids: string[]): Promise<TestClient> {
    const client = await connect(self)
    client.send('subscribe', ids)
    return client
  }

  /** The states of users as a client learns them, until they are these. */
  async function until(client: TestClient, states: Record<string, string>): Promise<void> {
    const known = new Map<string, string>()
    while (Object.entries(states).some(([id, status]) => known.get(id) !== status)) {
      for (const [id, status] of Object.entries(await client.expect('userchange') as Record<string, string>)) known.set(id, status)
    }
  }

  it('publish the same list', async () => {
    await start(2)
    for (const { url } of masters) expect(await (await fetch(`${url}/turntable/servers`)).json()).to.deep.equal(servers)
  })

  it('tell one another of their users, once for each change', async () => {
    await start(2)
    await user(1, '1:200')
    const client = await subscribed(0, ['1:200', '1:100', '1:2345'])
    await until(client, { '1:200': 'online', '1:100': 'offline', '1:2345': 'offline' })
    const friend = await user(1, '1:2345')
    expect(await client.expect('userchange')).to.deep.equal({ '1:2345': 'online' })
    friend.send('joingame', { channel: 'CStrike', self: '1:2345' })
    expect(await client.expect('userchange')).to.deep.equal({ '1:2345': 'busy' })
    await friend.close()
    expect(await client.expect('userchange')).to.deep.equal({ '1:2345': 'offline' })
    expect(await client.sync()).to.deep.equal([])
  })

  it('answer a later subscriber at once out of what they know', async () => {
    await start(2)
    await user(1, '1:200')
    const first = await subscribed(0, ['1:200'])
    await until(first, { '1:200': 'online' })
    const second = await subscribed(0, ['1:200'])
    expect(await second.sync()).to.deep.equal([{ command: 'userchange', data: { '1:200': 'online' } }])
    expect(await first.sync()).to.deep.equal([])
  })

  it('tell a user\'s server that he sits in a channel of another: busy while he is online, until he leaves', async () => {
    await start(3)
    const presence = await user(0, '1:100')
    const onOwn = await subscribed(0, ['1:100'])
    await until(onOwn, { '1:100': 'online' })
    const onThird = await subscribed(2, ['1:100'])
    await until(onThird, { '1:100': 'online' })
    const game = await connect(1)
    game.send('joingame', { channel: 'CStrike', self: '1:100' })
    await until(onOwn, { '1:100': 'busy' })
    await until(onThird, { '1:100': 'busy' })
    await game.close()
    await until(onOwn, { '1:100': 'online' })
    await until(onThird, { '1:100': 'online' })
    await presence.close()
    await until(onThird, { '1:100': 'offline' })
  })

  it('leave a user offline who only sits in a channel of another server', async () => {
    await start(2)
    const game = await connect(1)
    game.send('joingame', { channel: 'CStrike', self: '1:100' })
    await game.sync()
    const client = await subscribed(0, ['1:100'])
    expect(await client.expect('userchange')).to.deep.equal({ '1:100': 'offline' })
    client.send('idme', '1:100')
    await until(client, { '1:100': 'busy' })
  })

  it('bring invites to the server of the user, who gets them at once or when he comes', async () => {
    await start(2)
    const there = await user(1, '1:200')
    const client = await connect(0)
    client.send('joingame', { channel: 'room', self: '1:100', invite: ['1:200', '1:2345'] })
    expect(await there.expect('invite')).to.deep.equal({ user: '1:200', channel: 'room' })
    client.send('invite', { channel: 'second', user: '1:200' })
    await there.expect('invite')
    const late = await connect(1)
    late.send('idme', '1:2345')
    expect(await late.expect('invite')).to.deep.equal({ user: '1:2345', channel: 'room' })
  })

  it('keep an invite until the other server can be reached', async () => {
    await start(2, 1)
    const client = await connect(0)
    client.send('invite', { channel: 'room', user: '1:200' })
    await client.sync()
    masters.push(await startOne(1))
    const friend = await user(1, '1:200')
    expect(await friend.expect('invite')).to.deep.equal({ user: '1:200', channel: 'room' })
  })

  it('serve a user whose server is another', async () => {
    await start(2)
    const wrong = await subscribed(0, ['1:200'])
    await until(wrong, { '1:200': 'offline' })
    wrong.send('idme', '1:200')
    expect(await wrong.expect('userchange')).to.deep.equal({ '1:200': 'online' })
    const friend = await connect(0)
    friend.send('joingame', { channel: 'room', self: '1:100', invite: ['1:200'] })
    expect(await wrong.expect('invite')).to.deep.equal({ user: '1:200', channel: 'room' })
    wrong.send('joingame', { channel: 'room', self: '1:200' })
    await until(wrong, { '1:200': 'busy' })
  })

  it('say offline after two seconds for users of a server that does not answer', async () => {
    await start(2, 1)
    const client = await connect(0)
    const startMs = Date.now()
    client.send('subscribe', ['1:100', '1:200', '1:2345'])
    expect(await client.expect('userchange')).to.deep.equal({ '1:100': 'offline' })
    expect(await client.expect('userchange')).to.deep.equal({ '1:200': 'offline', '1:2345': 'offline' })
    expect(Date.now() - startMs).to.be.within(1_900, 3_500)
    masters.push(await startOne(1))
    await user(1, '1:200')
    expect(await client.expect('userchange')).to.deep.equal({ '1:200': 'online' })
  })

  it('renew subscriptions and seats when a server has started again', async () => {
    await start(2)
    const client = await subscribed(0, ['1:200'])
    await until(client, { '1:200': 'offline' })
    await user(1, '1:200')
    await until(client, { '1:200': 'online' })
    const game = await connect(0)
    game.send('joingame', { channel: 'room', self: '1:200' })
    await until(client, { '1:200': 'busy' })

    await masters[1]!.stop()
    await until(client, { '1:200': 'offline' })
    masters[1] = await startOne(1)
    await user(1, '1:200')
    await until(client, { '1:200': 'busy' })
  })

  it('forget the seats of a server that has gone', async () => {
    await start(2)
    const client = await subscribed(0, ['1:100'])
    client.send('idme', '1:100')
    const game = await connect(1)
    game.send('joingame', { channel: 'CStrike', self: '1:100' })
    await until(client, { '1:100': 'busy' })
    await masters[1]!.stop()
    await until(client, { '1:100': 'online' })
  })

  describe('believe', () => {
    async function toldBy(options: object): Promise<unknown[]> {
      const client = await subscribed(0, ['1:100', '1:7'])
      client.send('idme', '1:100')
      await client.sync()
      const other = await connect(0, options)
      other.send('userbind', { user: '1:100', channel: 'x', bound: true })
      other.send('userchange', { '1:7': 'online' })
      await other.sync()
      return (await client.sync()).map(({ data }) => data)
    }
    const all = [{ '1:100': 'busy' }, { '1:7': 'online' }]

    it('a server that shows the secret', async () => {
      await start(1)
      expect(await toldBy({ headers: { authorization: `Bearer ${secret}` } })).to.deep.equal(all)
    })

    it('a server of a listed address that shows none', async () => {
      await start(1, 1, { 'turntable.peers': ['127.0.0.1'] })
      expect(await toldBy({})).to.deep.equal(all)
    })

    it('no client, and nobody with a wrong secret, who are served all the same', async () => {
      await start(1)
      expect(await toldBy({})).to.deep.equal([])
      const other = await connect(0, { headers: { authorization: 'Bearer nonsense' } })
      expect(await other.sync()).to.deep.equal([])
    })

    it('nobody with a wrong secret', async () => {
      await start(1, 1, { 'turntable.peers': ['127.0.0.1'] })
      expect(await toldBy({ headers: { authorization: 'Bearer nonsense' } })).to.deep.equal([])
    })

    it('nothing that is malformed', async () => {
      await start(1)
      const client = await subscribed(0, ['1:100', '1:7', '__proto__'])
      client.send('idme', '1:100')
      await client.sync()
      const server = await connect(0, { headers: { authorization: `Bearer ${secret}` } })
      for (const data of [undefined, null, 5, [], 'x', {}, { user: '1:100' }, { user: '1:100', channel: 'x' }, { user: '1:100', channel: 'x', bound: 'yes' }, { user: '', channel: 'x', bound: true }, { user: '1:100', channel: 5, bound: true }]) server.send('userbind', data)
      for (const data of [undefined, null, 5, ['1:7'], 'x', {}, { '1:7': 'away' }, { '1:7': null }, { '1:7': 'constructor' }, { '': 'online' }]) server.send('userchange', data)
      server.send('userbind', { user: '1:100', channel: 'x', bound: false })
      await server.sync()
      expect(await client.sync()).to.deep.equal([])
      server.raw('{"command":"userchange","data":{"__proto__":"busy"}}')
      await server.sync()
      expect(Object.entries(await client.expect('userchange') as object)).to.deep.equal([['__proto__', 'busy']])
    })

    it('a server for as long as it is connected', async () => {
      await start(1)
      const client = await subscribed(0, ['1:100', '1:7'])
      client.send('idme', '1:100')
      await client.sync()
      const server = await connect(0, { headers: { authorization: `Bearer ${secret}` } })
      server.send('userchange', { '1:7': 'online' })
      server.send('userchange', { '1:7': 'busy' })
      server.send('userbind', { user: '1:100', channel: 'x', bound: true })
      server.send('userbind', { user: '1:100', channel: 'x', bound: true })
      server.send('userbind', { user: '1:100', channel: 'y', bound: true })
      server.send('userbind', { user: '1:100', channel: 'x', bound: false })
      await server.sync()
      expect((await client.sync()).map(({ data }) => data)).to.deep.equal([{ '1:7': 'online' }, { '1:7': 'busy' }, { '1:100': 'busy' }])
      await server.close()
      expect((await client.sync()).map(({ data }) => data)).to.deep.equal([{ '1:7': 'offline' }, { '1:100': 'online' }])
    })
  })

  it('do not believe each other with different secrets, and say so', async () => {
    await start(2, 1)
    masters.push(await startOne(1, { 'turntable.peer_secret': 'another' }))
    const client = await subscribed(0, ['1:100', '1:200'])
    client.send('idme', '1:100')
    await until(client, { '1:100': 'online', '1:200': 'offline' })
    const game = await connect(1)
    game.send('joingame', { channel: 'CStrike', self: '1:100', invite: ['1:100'] })
    // The invite goes the same way after the seat: once it is here, the seat has been ignored.
    expect(await client.expect('invite')).to.deep.equal({ user: '1:100', channel: 'CStrike' })
    expect(await client.sync()).to.deep.equal([])
  })

  it('do not send an invite round in circles when they are set up wrongly', async () => {
    await start(2, 1, { 'turntable.peer_secret': null })
    masters.push(await startTestMaster(cleanups, {
      plugins: [plugin],
      port: Number(new URL(servers[1]!).port),
      config: { 'turntable.servers': servers, 'turntable.self': 0 },
    }))
    const client = await connect(0)
    client.send('invite', { channel: 'room', user: '1:200' })
    const friend = await user(1, '1:200')
    expect(await friend.expect('invite')).to.deep.equal({ user: '1:200', channel: 'room' })
    expect(await friend.sync()).to.deep.equal([])
  })

  describe('with a server of somebody else', () => {
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
      await startOther(Number(new URL(servers[1]!).port))
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
      expect(seen[0]!.headers).to.include({ authorization: `Bearer ${secret}` })
      const { ws } = seen[0]!
      ws.send('{"command":"userchange","data":{"1:200":"online","1:2345":"busy","1:999":"busy","1:100":"offline"}}')
      expect(await client.expect('userchange')).to.deep.equal({ '1:200': 'online', '1:2345': 'busy' })
      client.ws.terminate()
      expect((await frames(4))[3]).to.deep.equal({ command: 'userbind', data: { user: '1:200', channel: 'room', bound: false } })
    })

    it('ignores what is malformed, hostile or of no use in what it sends', async () => {
      await start(2, 1)
      await startOther(Number(new URL(servers[1]!).port))
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
      await startOther(Number(new URL(servers[1]!).port))
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
      const server = await startOther(Number(new URL(servers[1]!).port))
      const client = await user(0, '1:100')
      client.send('subscribe', ['1:200'])
      await frames(1)
      for (const { ws } of seen) ws.pause()
      await eventually(() => expect(seen.length).to.be.greaterThan(1))
      expect(server.clients.size).to.be.greaterThan(0)
    })
  })
})
