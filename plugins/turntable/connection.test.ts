import { encode } from '@msgpack/msgpack'
import { expect } from 'chai'
import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import type { Socket } from 'node:net'
import { Cleanups } from '../../test/helpers/cleanups.ts'
import { eventually } from '../../test/helpers/eventually.ts'
import { startTurntable } from '../../test/helpers/turntable.ts'
import type { TestTurntable } from '../../test/helpers/turntable.ts'
import { refusal } from '../../test/helpers/turntable-client.ts'
import type { TestClient } from '../../test/helpers/turntable-client.ts'

describe('turntable connections', () => {
  const cleanups = new Cleanups()
  let master: TestTurntable
  const start = async (config: Record<string, unknown> = {}): Promise<void> => { master = await startTurntable(cleanups, config) }
  const connect: TestTurntable['connect'] = (options) => master.connect(options)
  afterEach(() => cleanups.run())

  describe('upgrades', () => {
    it('need the subprotocol, alone or among others, on any path', async () => {
      await start()
      expect((await connect()).ws.protocol).to.equal('turntable')
      expect((await connect({ protocols: ['chat', 'turntable', 'x'], path: '/some/where?x=1' })).ws.protocol).to.equal('turntable')
      expect((await connect({ protocols: ['turntable.2', 'turntable'] })).ws.protocol).to.equal('turntable.2')
      for (const protocols of [[], ['chat'], ['turntables'], ['Turntable']]) {
        expect(await refusal(master.wsUrl, protocols), protocols.join()).to.equal(404)
      }
    })

    it('of a broken kind are answered with an error and disturb nobody', async () => {
      await start()
      const client = await connect()
      const head = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: turntable'
      for (const rest of ['\r\nSec-WebSocket-Version: 13\r\n\r\n', ', ,\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n', '\r\nSec-WebSocket-Version: 7\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n']) {
        const socket = await tcp()
        socket.write(head + rest)
        const [answer] = await once(socket, 'data') as [Buffer]
        expect(answer.toString()).to.match(/^HTTP\/1\.1 4\d\d /)
      }
      expect(await client.sync()).to.deep.equal([])
    })

    it('are limited in number', async () => {
      await start({ 'turntable.connections': 2 })
      const first = await connect()
      await connect()
      expect(await refusal(master.wsUrl, ['turntable'])).to.equal(429)
      await first.close()
      await eventually(() => connect())
    })

    it('are limited in number for those of one address who do not say who they are', async () => {
      await start({ 'limits.unauthenticated_connections': 2 })
      const first = await connect()
      await connect()
      expect(await refusal(master.wsUrl, ['turntable'])).to.equal(429)
      first.send('idme', '1:1')
      await first.sync()
      await connect()
    })
  })

  it('publish the list of servers over HTTP', async () => {
    await start()
    const response = await fetch(`${master.url}/turntable/servers`)
    expect(response.headers.get('access-control-allow-origin')).to.equal('*')
    expect(await response.json()).to.deep.equal([master.wsUrl])
  })

  it('ignore what they do not understand, and stay', async () => {
    await start()
    const client = await connect()
    const bad = ['', '{', 'null', '5', 'true', '[]', '[{"command":"whothere"}]', '"nonsense"', '{}', '{"command":null}', '{"command":["idme"]}', '{"command":"nonsense"}', '{"data":"1:1"}', '\u0000', '{"command":"idme","data":"1:1"']
    for (const text of bad) client.raw(text)
    for (const name of ['__proto__', 'constructor', 'hasOwnProperty', 'close', 'error', 'message', 'connection', 'idyou', 'there', 'disconnect']) client.send(name, { channel: 'a', self: 'b' })
    for (const bytes of [[], [0xff, 0xfe], [...Buffer.from('{"command":"whothere"}')]]) client.raw(Buffer.from(bytes))
    client.raw(`{"command":"subscribe","data":${'['.repeat(100_000)}${']'.repeat(100_000)}}`)
    expect(await client.sync()).to.deep.equal([])
  })

  it('take a message of a mebibyte, and close with 1009 at one byte more', async () => {
    await start()
    const client = await connect()
    const text = '{"command":"whothere","pad":""}'
    client.raw(text.replace('""', `"${'x'.repeat(1_048_576 - text.length)}"`))
    await client.expect('there')
    client.raw(text.replace('""', `"${'x'.repeat(1_048_577 - text.length)}"`))
    expect(await client.closed).to.equal(1009)
  })

  it('close with 1007 for text that is not UTF-8', async () => {
    await start()
    const client = await connect()
    client.ws.send(Buffer.from([0x22, 0xff, 0x22]), { binary: false })
    expect(await client.closed).to.equal(1007)
  })

  it('end when a client vanishes without a close: its ids are free and its friends know', async () => {
    await start()
    const watcher = await connect()
    watcher.send('subscribe', ['1:1'])
    await watcher.sync()
    const client = await master.user('1:1')
    await watcher.expect('userchange')
    client.ws.terminate()
    expect(await watcher.expect('userchange')).to.deep.equal({ '1:1': 'offline' })
  })

  it('are dropped when a ping is not answered, and kept when it is', async () => {
    await start({ 'turntable.ping_interval_ms': 50, 'turntable.pong_timeout_ms': 100 })
    const silent = await connect({ autoPong: false })
    const good = await connect()
    let pings = 0
    good.ws.on('ping', () => { pings += 1 })
    expect(await silent.closed).to.equal(1006)
    await eventually(() => expect(pings).to.be.greaterThan(5))
    expect(await good.sync()).to.deep.equal([])
  })

  it('say goodbye with 1001 when the server stops', async () => {
    await start()
    const client = await connect()
    await master.stop()
    expect(await client.closed).to.equal(1001)
  })

  it('delay nobody when they do not read: a slow one is closed', async () => {
    await start({ 'limits.subscriber_buffer_bytes': 65_536 })
    const slow = await connect()
    const good = await connect()
    slow.send('joingame', { channel: 'a', self: '1:1' })
    await slow.sync()
    good.send('joingame', { channel: 'a', self: '1:2' })
    slow.ws.pause()
    const metrics = async (): Promise<string> => (await fetch(`${master.url}/metrics`)).text()
    await eventually(async () => {
      for (let index = 0; index < 20; index++) good.send('game', { channel: 'a', pad: 'x'.repeat(20_000) })
      expect(await good.sync()).to.have.length(20)
      expect(await metrics()).to.match(/^corral_turntable_connections 1$/m)
    }, { deadlineMs: 15_000 })
  })

  describe('that ask for much', () => {
    let client: TestClient

    beforeEach(async () => {
      await start()
      client = await connect()
      for (let index = 0; index < 1_000; index++) client.send('idme', `${index}:${'x'.repeat(100)}`)
      await client.sync()
    })

    it('are closed when they do not read', async () => {
      client.ws.pause()
      for (let index = 0; index < 20_000; index++) client.raw('"whothere"')
      await eventually(async () => {
        expect(await (await fetch(`${master.url}/metrics`)).text()).to.match(/^corral_turntable_connections 0$/m)
      }, { deadlineMs: 15_000 })
      client.ws.resume()
      expect(await client.closed).to.be.oneOf([1013, 1006])
    })

    it('get all answers when they read, in the time that it takes them', async () => {
      for (let index = 0; index < 300; index++) client.raw('"whothere"')
      for (let index = 0; index < 300; index++) expect(await client.expect('there')).to.have.length(1_000)
    })
  })

  it('survive a flood beside them', async () => {
    await start()
    const flooder = await connect()
    const good = await connect()
    for (let index = 0; index < 20_000; index++) flooder.raw('{"command":"nonsense","data":[1,2,3]}')
    expect(await good.sync()).to.deep.equal([])
    expect(await flooder.sync()).to.deep.equal([])
  })

  it('survive bytes that are no WebSocket frames', async () => {
    await start()
    const good = await connect()
    const socket = await tcp()
    socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: turntable\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n')
    socket.write(Buffer.alloc(4_096, 0xff))
    socket.resume()
    await once(socket, 'close')
    expect(await good.sync()).to.deep.equal([])
  })

  describe('of version 2', () => {
    it('say the same in MessagePack, and meet those of version 1', async () => {
      await start()
      const old = await connect()
      const client = await connect({ protocols: ['turntable.2'] })
      client.send('subscribe', ['1:2'])
      expect(await client.expect('userchange')).to.deep.equal({ '1:2': 'offline' })
      old.send('idme', '1:2')
      expect(await client.expect('userchange')).to.deep.equal({ '1:2': 'online' })
      client.send('idme', '1:1')
      client.send('joingame', { channel: 'a', self: '1:1', invite: ['1:2'] })
      expect(await old.expect('invite')).to.deep.equal({ user: '1:2', channel: 'a' })
      old.send('joingame', { channel: 'a', self: '1:2' })
      expect(await client.expect('userchange')).to.deep.equal({ '1:2': 'busy' })
      const actions = [{ timestamp: Date.now(), from: '1:1', data: { x: 1.5, list: [null, true, 'é'], big: 2 ** 40 } }]
      client.send('game', { channel: 'a', actions })
      expect(await client.expect('game')).to.deep.equal({ channel: 'a', actions })
      expect(await old.expect('game')).to.deep.equal({ channel: 'a', actions })
      client.raw(encode('whothere'))
      expect(await client.expect('there')).to.deep.equal(['1:2', '1:1'])
    })

    it('ignore text and what is no MessagePack, and stay', async () => {
      await start()
      const client = await connect({ protocols: ['turntable.2'] })
      client.raw('{"command":"whothere"}')
      for (const value of [null, 5, [], {}, 'nonsense', { command: 5 }, { command: 'idme2', data: '1:1' }, { command: 'whothere', data: new Date() }, { command: 'whothere', data: new Uint8Array(5) }]) client.raw(encode(value))
      for (const bytes of [[], [0xc1], [0xdd, 0xff, 0xff, 0xff, 0xff], [0x81], [0xd9, 0xff]]) client.raw(Buffer.from(bytes))
      client.raw(Buffer.alloc(500_000, 0x91))
      expect(await client.sync()).to.deep.equal([])
    })
  })

  async function tcp(): Promise<Socket> {
    const socket = connectTcp(master.port, '127.0.0.1')
    cleanups.add(() => socket.destroy())
    socket.on('error', () => {})
    await once(socket, 'connect')
    return socket
  }
})
