import { expect } from 'chai'
import { once } from 'node:events'
import { WebSocket } from 'ws'
import { openMemoryStore } from '../../lib/store/memory-store.ts'
import { Cleanups } from '../../test/helpers/cleanups.ts'
import { eventually } from '../../test/helpers/eventually.ts'
import { FakeProvider, GatewayClient, startGateway } from '../../test/helpers/gateway.ts'
import type { Frame } from '../../test/helpers/gateway.ts'
import { checkProviders } from './settings.ts'

describe('the gateway and what clients and operators get wrong', () => {
  const cleanups = new Cleanups()
  afterEach(() => cleanups.run())

  it('answers what it cannot read with a bad request that repeats what it could, and forwards none of it', async () => {
    const provider = await FakeProvider.webSocket(cleanups)
    const gateway = await startGateway(cleanups, { providers: [{ name: 'arena', url: provider.url }] })
    const client = await gateway.connect()
    const server = await client.service('arena')
    await client.ask({ type: 1, subtype: 0, server })
    await provider.next()
    const none = { type: 2, subtype: null, ok: false, error: 'bad request' }
    const cases: readonly (readonly [string | Buffer, object])[] = [
      ['', none], ['x', none], ['null', none], ['[]', none], ['"text"', none], ['7', none], ['{}', none], [Buffer.from('{"type":4}'), none],
      [`{"type":1,"subtype":6,"server":${server},"data":${'['.repeat(10_000)}${']'.repeat(10_000)}}`, none],
      [`{"type":1,"subtype":6,"server":${server}}x`, none],
      ['{"type":1}', none], ['{"type":1,"subtype":"6"}', none], ['{"type":1,"id":3}', { ...none, id: 3 }],
      ['{"type":1,"subtype":6}', { ...none, subtype: 6 }],
      ['{"type":1,"subtype":6,"server":"1","id":"a"}', { ...none, subtype: 6, id: 'a' }],
      ['{"type":1,"subtype":6,"server":1.5}', { ...none, subtype: 6 }],
      ['{"type":1,"subtype":6,"server":null}', { ...none, subtype: 6 }],
      ['{"type":4,"server":"1"}', none], ['{"type":4,"server":[1]}', none],
      ...[8, 10, -1, 1.5, 1e300].map((subtype) => [`{"type":1,"subtype":${subtype},"server":${server},"id":null}`, { ...none, subtype, server, id: null }] as const),
      ...['0', '2', '3', '5', '-1', '"1"', 'null', '[1]', '1.5'].map((type) => [`{"type":${type},"subtype":2,"server":${server},"id":[1]}`, { ...none, subtype: 2, server, id: [1] }] as const),
      ['{"type":1,"subtype":2,"server":999,"id":1}', { ...none, subtype: 2, server: 999, id: 1, error: 'no such service' }],
      ['{"type":1,"subtype":0,"server":-1}', { ...none, subtype: 0, server: -1, error: 'no such service' }],
    ]
    for (const [text, answer] of cases) {
      client.raw(text)
      expect(await client.next(), String(text).slice(0, 80)).to.deep.equal(answer)
    }
    client.send({ type: 1, subtype: 6, server, data: 'end' })
    expect(await provider.next()).to.include({ data: 'end' })
  })

  it('forwards nothing before a connect', async () => {
    const provider = await FakeProvider.tcp(cleanups)
    const gateway = await startGateway(cleanups, { providers: [{ name: 'arena', url: provider.url }] })
    const client = await gateway.connect()
    const server = await client.service('arena')
    for (const subtype of [1, 2, 3, 4, 5, 6, 7, 9]) {
      expect(await client.ask({ type: 1, subtype, server, id: subtype })).to.deep.equal({ type: 2, subtype, server, id: subtype, ok: false, error: 'not connected' })
    }
    await client.ask({ type: 1, subtype: 0, server })
    expect((await provider.next()).subtype).to.equal(0)
  })

  it('closes with 1009 what is too large, with 1007 what is no text, and goes on for the others', async () => {
    const gateway = await startGateway(cleanups)
    const large = await gateway.connect()
    large.raw('x'.repeat(1_048_577))
    expect(await large.closed).to.equal(1009)
    const garbled = await gateway.connect()
    garbled.ws.send(Buffer.from([0xff, 0xfe]), { binary: false })
    expect(await garbled.closed).to.equal(1007)
    const good = await gateway.connect()
    expect(await good.next()).to.deep.equal({ type: 0, data: [] })
  })

  it('answers pings, but heaps up no pongs for a client that reads none', async () => {
    const gateway = await startGateway(cleanups)
    const client = await gateway.connect()
    client.ws.ping('here?')
    const [data] = await once(client.ws, 'pong') as [Buffer]
    expect(data.toString()).to.equal('here?')
    client.ws.pause()
    // More than the system itself holds for a connection.
    const count = 300_000
    for (let index = 1; index <= count; index += 1) {
      if (index % 20_000 > 0) client.ws.ping('x'.repeat(120))
      else await new Promise((resolve) => { client.ws.ping('x'.repeat(120), undefined, resolve) })
    }
    const other = await gateway.connect()
    expect((await other.next()).type).to.equal(0)
    let pongs = 0
    client.ws.on('pong', () => { pongs += 1 })
    // All pings have been read when this, sent behind them, is answered.
    client.raw('?')
    client.ws.resume()
    await client.until(({ type }) => type === 2)
    expect(pongs).to.be.below(count)
  })

  it('admits so many unknown connections of one address, and more when some have gone', async () => {
    const gateway = await startGateway(cleanups, {}, { config: { 'limits.unauthenticated_connections': 2 } })
    const first = await gateway.connect()
    await gateway.connect()
    const refused = new WebSocket(`${gateway.wsUrl}/gateway`)
    const [, response] = await once(refused, 'unexpected-response') as [unknown, { statusCode: number }]
    expect(response.statusCode).to.equal(429)
    refused.on('error', () => {})
    refused.terminate()
    first.ws.close()
    await first.closed
    const next = await gateway.connect()
    expect((await next.next()).type).to.equal(0)
  })

  it('says goodbye when the master stops, and tells the providers', async () => {
    const provider = await FakeProvider.tcp(cleanups)
    const gateway = await startGateway(cleanups, { providers: [{ name: 'arena', url: provider.url }] })
    const client = await gateway.connect()
    await client.ask({ type: 1, subtype: 0, server: await client.service('arena') })
    const { cn } = await provider.next()
    await gateway.stop()
    expect(await client.closed).to.equal(1001)
    expect(await provider.next()).to.deep.equal({ type: 1, cn, subtype: 9 })
  })

  it('keeps ids over a restart of the master, whatever is added meanwhile', async () => {
    const store = openMemoryStore()
    const close = store.close.bind(store)
    // The helper closes the store with its master; this one outlives it.
    store.close = () => Promise.resolve()
    const idsOf = async (names: readonly string[]): Promise<Record<string, number>> => {
      const gateway = await startGateway(cleanups, { providers: names.map((name) => ({ name, url: 'tcp://127.0.0.1:9' })) }, { store })
      const client = await GatewayClient.connect(cleanups, gateway.url)
      const { data } = await client.next()
      await gateway.stop()
      return Object.fromEntries((data as Frame[]).map(({ name, id }) => [name, id as number]))
    }
    const before = await idsOf(['b', '__proto__', 'c'])
    const after = await idsOf(['new', 'c', 'b'])
    expect(after).to.include({ b: before.b!, c: before.c! })
    expect([1, 2, 3]).to.not.include(after.new)
    await close()
  })

  it('forgets the ids of slaves and instances that went while it was off, and gives them to nobody', async () => {
    const store = openMemoryStore()
    const records = store.collection<{ id: number }>('plugin.gateway.services')
    await Promise.all([['last', 7], ['slave:3', 5], ['instance:9', 7], ['external:b', 6]].map(([key, id]) => records.put(String(key), { id: Number(id) })))
    const gateway = await startGateway(cleanups, { providers: [{ name: 'a', url: 'tcp://127.0.0.1:9' }] }, { store })
    const client = await gateway.connect()
    expect(((await client.next()).data as Frame[]).map(({ id }) => id as number)).to.deep.equal([8])
    await eventually(() => { expect(records.list().map(({ id }) => id)).to.deep.equal(['external:a', 'external:b', 'last']) })
  })

  it('lets pages of foreign origins connect unless its operator has said which may', async () => {
    const statusOf = async (url: string, origin: string | undefined): Promise<number> => {
      const ws = new WebSocket(url, origin === undefined ? {} : { origin })
      ws.on('error', () => {})
      cleanups.add(() => ws.terminate())
      return Promise.race([once(ws, 'open').then(() => 101), once(ws, 'unexpected-response').then(([, response]) => (response as { statusCode: number }).statusCode)])
    }
    const anywhere = await startGateway(cleanups)
    expect(await statusOf(`${anywhere.wsUrl}/gateway`, 'https://elsewhere.example')).to.equal(101)
    const { url, wsUrl } = await startGateway(cleanups, { origins: ['https://play.example'] })
    const statuses = await Promise.all([undefined, url, 'https://play.example', 'https://elsewhere.example', 'null'].map((origin) => statusOf(`${wsUrl}/gateway`, origin)))
    expect(statuses).to.deep.equal([101, 101, 101, 403, 403])
  })

  it('refuses lists of providers with names that occur twice or addresses that cannot be dialled', () => {
    expect(() => checkProviders([{ name: 'a', url: 'ws://h' }, { name: 'a', url: 'ws://g' }])).to.throw(/two providers/)
    for (const url of ['', 'h:1', 'http://h', 'tcp://h', 'ws://', 'ws://h#x', 'tcp://:5']) {
      expect(() => checkProviders([{ name: 'a', url }]), url).to.throw(/can't be dialled/)
    }
    expect(() => checkProviders([{ name: 'a', url: 'tcp://[::1]:5' }, { name: 'b', url: 'wss://h/p?q' }])).to.not.throw()
  })
})
