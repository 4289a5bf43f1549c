import { expect } from 'chai'
import { Cleanups } from '../../test/helpers/cleanups.ts'
import { eventually } from '../../test/helpers/eventually.ts'
import { FakeProvider, startGateway } from '../../test/helpers/gateway.ts'
import type { Frame, GatewayClient, TestGateway } from '../../test/helpers/gateway.ts'

describe('the gateway between clients and providers elsewhere', () => {
  const cleanups = new Cleanups()
  afterEach(() => cleanups.run())

  interface Scene { gateway: TestGateway; provider: FakeProvider; client: GatewayClient; server: number }

  async function scene(kind: 'webSocket' | 'tcp' = 'webSocket', fields: object = {}): Promise<Scene> {
    const provider = await FakeProvider[kind](cleanups)
    const gateway = await startGateway(cleanups, { providers: [{ name: 'arena', url: provider.url, secret: 'hush' }], ...fields })
    const client = await gateway.connect()
    return { gateway, provider, client, server: await client.service('arena') }
  }

  /** A client that has connected to the provider; its connect has been taken from the provider's frames. */
  async function connected(kind?: 'webSocket' | 'tcp', fields?: object): Promise<Scene & { cn: number }> {
    const all = await scene(kind, fields)
    expect(await all.client.ask({ type: 1, subtype: 0, server: all.server })).to.deep.equal({ type: 2, subtype: 0, server: all.server, ok: true, data: [] })
    return { ...all, cn: (await all.provider.next()).cn as number }
  }

  for (const kind of ['webSocket', 'tcp'] as const) {
    it(`passes every request on with cn and without server, and answers back, over ${kind}`, async () => {
      const { provider, client, server } = await scene(kind)
      for (const subtype of [0, 1, 2, 3, 4, 5, 6, 7]) {
        provider.answers.set(subtype, () => ({ ok: true, data: [subtype] }))
        const id = `request ${subtype}`
        const answer = await client.ask({ type: 1, subtype, server, id, interface: 1, data: { a: [null] }, more: 'é' })
        expect(answer).to.deep.equal({ type: 2, subtype, server, id, ok: true, data: [subtype] })
        const { cn, ...rest } = await provider.next()
        expect(cn).to.be.a('number')
        expect(rest).to.deep.equal({ type: 1, subtype, id, interface: 1, data: { a: [null] }, more: 'é' })
      }
    })
  }

  it('changes no digit of data and ids on their way, in either direction', async () => {
    const { provider, client, server, cn } = await connected()
    client.raw(`{"type":1, "subtype":6,"server":${server},"id":12345678901234567890,"data":[1.50,{"a" :1e2}]}`)
    expect(await provider.nextText()).to.equal(`{"type":1,"cn":${cn},"subtype":6,"id":12345678901234567890,"data":[1.50,{"a" :1e2}]}`)
    provider.raw(`{"type":2,"cn":${cn},"subtype":6,"id":12345678901234567890,"ok":true,"data":[2.50]}`)
    expect(await client.nextText()).to.equal(`{"type":2,"subtype":6,"server":${server},"id":12345678901234567890,"ok":true,"data":[2.50]}`)
  })

  it('lets no cn, cns or client of a client through, however they are spelled', async () => {
    const { provider, client, server, cn } = await connected()
    client.raw(`{"type":1,"subtype":6,"server":${server},"cn":7,"cns":[7],"client":"root","\\u0063n":8,"cli\\u0065nt":"root","data":1,"cn":9}`)
    expect(await provider.next()).to.deep.equal({ type: 1, cn, subtype: 6, data: 1 })
  })

  it('gives each websocket one cn at all providers, and no two the same', async () => {
    const providers = [await FakeProvider.webSocket(cleanups), await FakeProvider.tcp(cleanups)]
    const gateway = await startGateway(cleanups, { providers: providers.map(({ url }, index) => ({ name: `p${index}`, url })) })
    const seen: number[] = []
    for (let index = 0; index < 2; index += 1) {
      const client = await gateway.connect()
      const list = await client.until(({ data }) => JSON.stringify(data).split('"online":true').length === 3)
      for (const { id } of list.data as Frame[]) await client.ask({ type: 1, subtype: 0, server: id })
      const [first, second] = await Promise.all(providers.map((provider) => provider.next()))
      expect(first!.cn).to.equal(second!.cn)
      seen.push(first!.cn as number)
    }
    expect(new Set(seen).size).to.equal(2)
  })

  it('stores a client identifier, strips it, and appends it to what follows until it is cleared', async () => {
    const { provider, client, server } = await connected()
    let identifier: unknown = { user: 7 }
    let isGood = true
    provider.answers.set(1, () => (isGood ? { ok: true, data: [], client: identifier } : { ok: false, error: 'not verified' }))
    provider.answers.set(6, () => ({ ok: true, data: [] }))
    const appended = async (): Promise<unknown> => {
      await client.ask({ type: 1, subtype: 6, server, data: 1 })
      return (await provider.next()).client
    }
    const verify = async (): Promise<Frame> => {
      const answer = await client.ask({ type: 1, subtype: 1, server, answer: 'x' })
      await provider.next()
      return answer
    }
    expect(await appended()).to.equal(undefined)
    expect(await verify()).to.deep.equal({ type: 2, subtype: 1, server, ok: true, data: [] })
    expect(await appended()).to.deep.equal({ user: 7 })
    identifier = 'ann'
    await verify()
    expect(await appended()).to.equal('ann')

    isGood = false
    expect(await verify()).to.deep.equal({ type: 2, subtype: 1, server, ok: false, error: 'not verified' })
    expect(await appended()).to.equal(undefined)

    isGood = true
    await verify()
    await client.ask({ type: 1, subtype: 0, server })
    expect(await provider.next()).to.not.have.property('client')
    expect(await appended()).to.equal(undefined)
  })

  it('keeps what waits for a connect, and lets nothing through when that is refused', async () => {
    const { provider, client, server } = await scene()
    provider.answers.set(0, () => ({ ok: false, error: 'forbidden' }))
    client.send({ type: 1, subtype: 0, server, id: 1 })
    client.send({ type: 1, subtype: 2, server, id: 2 })
    expect(await client.next()).to.deep.equal({ type: 2, subtype: 0, server, id: 1, ok: false, error: 'forbidden' })
    expect(await client.next()).to.deep.equal({ type: 2, subtype: 2, server, id: 2, ok: false, error: 'not connected' })
    provider.answers.set(0, () => ({ ok: true, data: [] }))
    provider.answers.set(2, () => ({ ok: true, data: [{ id: 1, name: 'console' }] }))
    client.send({ type: 1, subtype: 0, server, id: 3 })
    client.send({ type: 1, subtype: 2, server, id: 4 })
    expect((await client.next()).id).to.equal(3)
    expect(await client.next()).to.include({ id: 4, ok: true })
    const subtypes = [await provider.next(), await provider.next(), await provider.next()].map(({ subtype }) => subtype as number)
    expect(subtypes).to.deep.equal([0, 0, 2])
    // One that was refused leaves no notice; this one does.
    client.ws.close()
    expect((await provider.next()).subtype).to.equal(9)
  })

  it('keeps the order of requests, responses and streams', async () => {
    const { provider, client, server, cn } = await connected()
    for (let id = 0; id < 200; id += 1) client.send({ type: 1, subtype: 6, server, id, data: id })
    for (let id = 0; id < 200; id += 1) {
      expect((await provider.next()).id).to.equal(id)
      provider.send({ type: 2, cn, subtype: 6, id, ok: true, data: [] })
      provider.send({ type: 3, cns: [cn], subtype: 4, data: [id] })
    }
    for (let id = 0; id < 200; id += 1) {
      expect((await client.next()).id).to.equal(id)
      expect(await client.next()).to.deep.equal({ type: 3, subtype: 4, server, data: [id] })
    }
  })

  it('gives a stream once to each of its cns that is connected, and to nobody else', async () => {
    const { gateway, provider, client, server, cn } = await connected()
    const stranger = await gateway.connect()
    await stranger.service('arena')
    provider.send({ type: 3, cns: [cn, cn, cn + 1, -1, 'x', null, 1e300], subtype: 2, data: [{ a: 1 }], extra: true })
    expect(await client.next()).to.deep.equal({ type: 3, subtype: 2, server, data: [{ a: 1 }], extra: true })
    expect(await client.settled()).to.deep.equal([])
    expect(await stranger.settled()).to.deep.equal([])
  })

  it('passes challenges on to the client that they are for', async () => {
    const { provider, client, server, cn } = await connected()
    provider.send({ type: 1, cn, subtype: 8, data: ['nonce'] })
    expect(await client.next()).to.deep.equal({ type: 1, subtype: 8, server, data: ['nonce'] })
  })

  it('proves to a provider that it knows its secret, when it is asked without cn', async () => {
    const { provider } = await connected()
    provider.send({ type: 1, subtype: 8, data: ['nonce'] })
    // HMAC-SHA256('hush', 'nonce'), as openssl gives it.
    expect(await provider.next()).to.deep.equal({ type: 1, subtype: 1, answer: '18d959d954064163a445ccfa7d234c1164861f9d280e3554d3a5e14ccc6c4ed7' })
  })

  it('tells each provider once when a client goes, and of a client that had disconnected not again', async () => {
    const { provider, client, server, cn } = await connected()
    client.ws.close()
    expect(await provider.next()).to.deep.equal({ type: 1, cn, subtype: 9 })
    const { client: other, provider: second, server: id, cn: otherCn } = await connected()
    expect(await other.ask({ type: 1, subtype: 9, server: id, id: 'bye' })).to.deep.equal({ type: 2, subtype: 9, server: id, id: 'bye', ok: true, data: [] })
    expect(await second.next()).to.deep.equal({ type: 1, cn: otherCn, subtype: 9 })
    expect(await other.ask({ type: 1, subtype: 9, server: id })).to.deep.equal({ type: 2, subtype: 9, server: id, ok: false, error: 'not connected' })
    other.ws.close()
    await other.closed
    second.send({ type: 1, subtype: 8, data: ['nonce'] })
    expect((await second.next()).subtype).to.equal(1)
    expect(server).to.be.a('number')
  })

  it('ends one connection or all with the control message', async () => {
    const { provider, client, server, cn } = await connected()
    expect(await client.ask({ type: 4, server, id: 5 })).to.deep.equal({ type: 2, subtype: 9, server, id: 5, ok: true, data: [] })
    expect(await provider.next()).to.deep.equal({ type: 1, cn, subtype: 9 })
    await client.ask({ type: 1, subtype: 0, server })
    await provider.next()
    expect(await client.ask({ type: 4 })).to.deep.equal({ type: 2, subtype: 9, ok: true, data: [] })
    expect(await provider.next()).to.deep.equal({ type: 1, cn, subtype: 9 })
    expect(await client.ask({ type: 1, subtype: 2, server })).to.deep.equal({ type: 2, subtype: 2, server, ok: false, error: 'not connected' })
    expect(await client.ask({ type: 4 })).to.include({ ok: true })
    expect(await client.ask({ type: 4, server: 999 })).to.deep.equal({ type: 2, subtype: 9, server: 999, ok: false, error: 'no such service' })
  })

  it('answers for a provider that does not, once, and goes on with it', async () => {
    const { provider, client, server, cn } = await connected('webSocket', { request_timeout_ms: 60 })
    expect(await client.ask({ type: 1, subtype: 6, server, id: 1, data: 1 })).to.deep.equal({ type: 2, subtype: 6, server, id: 1, ok: false, error: 'timeout' })
    provider.send({ type: 2, cn, subtype: 6, id: 1, ok: true, data: ['late'] })
    provider.answers.set(7, () => ({ ok: true, data: ['soon'] }))
    expect(await client.ask({ type: 1, subtype: 7, server, id: 2 })).to.include({ id: 2, ok: true })
  })

  it('tells a provider that accepts a connect too late that nobody is there', async () => {
    const { provider, client, server } = await scene('webSocket', { request_timeout_ms: 60 })
    provider.answers.delete(0)
    expect(await client.ask({ type: 1, subtype: 0, server })).to.include({ error: 'timeout' })
    const { cn } = await provider.next()
    provider.send({ type: 2, cn, subtype: 0, ok: true, data: [] })
    expect(await provider.next()).to.deep.equal({ type: 1, cn, subtype: 9 })
    expect(await client.ask({ type: 1, subtype: 2, server })).to.include({ error: 'not connected' })
  })

  it('ends what was open when a provider dies, lists it as away under its id, and finds it again', async () => {
    const { provider, client, server } = await connected()
    client.send({ type: 1, subtype: 6, server, id: 1, data: 1 })
    client.send({ type: 1, subtype: 7, server, id: 2 })
    await provider.next()
    await provider.next()
    const port = Number(new URL(provider.url).port)
    await provider.stop()
    expect(await client.next()).to.deep.equal({ type: 2, subtype: 6, server, id: 1, ok: false, error: 'service gone' })
    expect(await client.next()).to.deep.equal({ type: 2, subtype: 7, server, id: 2, ok: false, error: 'service gone' })
    expect(await client.next()).to.deep.equal({ type: 0, data: [{ id: server, name: 'arena', kind: 'external', online: false }] })
    expect(await client.ask({ type: 1, subtype: 0, server })).to.deep.equal({ type: 2, subtype: 0, server, ok: false, error: 'service gone' })
    const again = await FakeProvider.webSocket(cleanups, port)
    again.answers.set(6, () => ({ ok: true, data: [] }))
    expect(await client.service('arena')).to.equal(server)
    expect(await client.ask({ type: 1, subtype: 6, server })).to.deep.equal({ type: 2, subtype: 6, server, ok: false, error: 'not connected' })
    await client.ask({ type: 1, subtype: 0, server })
    expect(await client.ask({ type: 1, subtype: 6, server })).to.include({ ok: true })
  })

  it('ignores garbage of a provider frame by frame', async () => {
    for (const kind of ['webSocket', 'tcp'] as const) {
      const { provider, client, server, cn } = await connected(kind)
      const garbage = [
        'x', '[]', 'null', '7', '{', '{}', '{"type":3}', `{"type":2,"cn":${cn},"subtype":6}`, `{"type":2,"cn":"${cn}","subtype":6,"ok":true}`,
        `{"type":2,"cn":${cn},"subtype":6,"ok":"yes"}`, '{"type":2,"cn":999,"subtype":6,"ok":true,"data":[]}', `{"type":2,"cn":${cn},"subtype":2,"ok":true,"data":[]}`,
        `{"type":1,"cn":${cn},"subtype":0}`, `{"type":0,"data":[]}`, `{"type":3,"subtype":1,"cns":${cn},"data":[]}`, `{"type":3,"subtype":1,"cn":${cn},"data":[]}`,
        `{"type":3,"subtype":1,"cns":[${cn}],"data":${'['.repeat(5_000)}${']'.repeat(5_000)}}`, `{"type":2,"cn":${cn},"subtype":1,"ok":true,"client":"${'x'.repeat(20_000)}"}`,
        '{"type":1,"subtype":8,"data":"nonce"}', 'x'.repeat(1_100_000), '{"__proto__":{"type":3}}',
      ]
      client.send({ type: 1, subtype: 6, server, id: 'a', data: 1 })
      await provider.next()
      for (const text of garbage) provider.raw(text)
      provider.send({ type: 2, cn, subtype: 6, id: 'a', ok: true, data: ['good'] })
      expect(await client.next()).to.deep.equal({ type: 2, subtype: 6, server, id: 'a', ok: true, data: ['good'] })
    }
  })

  it('answers a client that asks much without reading more of it than it must', async () => {
    const { provider, client, server, cn } = await connected()
    for (let id = 0; id < 5_000; id += 1) client.raw(`{"type":1,"subtype":6,"server":${server},"id":${id},"data":"${'x'.repeat(500)}"}`)
    const first = await provider.next()
    await eventually(() => { expect(provider.size).to.be.at.least(255) })
    // A chunk that had been read when the bound was reached is handled all the same, and no more.
    expect(provider.size).to.be.below(1_500)
    provider.send({ type: 2, cn, subtype: 6, id: first.id, ok: true, data: [] })
    provider.answers.set(6, () => ({ ok: true, data: [] }))
    while (provider.size > 0) {
      const { id } = await provider.next()
      provider.send({ type: 2, cn, subtype: 6, id, ok: true, data: [] })
    }
    for (let id = 0; id < 5_000; id += 1) expect((await client.next()).id).to.equal(id)
  })

  for (const kind of ['webSocket', 'tcp'] as const) {
    it(`reads more slowly from a provider that streams faster than its clients read, and closes none of them, over ${kind}`, async () => {
      const { gateway, provider, client, server, cn } = await connected(kind)
      const clients = [client]
      const cns = [cn]
      for (let count = 0; count < 3; count += 1) {
        const another = await gateway.connect()
        await another.service('arena')
        await another.ask({ type: 1, subtype: 0, server })
        clients.push(another)
        cns.push((await provider.next()).cn as number)
      }
      const filler = 'x'.repeat(10_000)
      const total = 3_000
      for (let count = 0; count < total; count += 1) provider.send({ type: 3, cns, subtype: 1, data: [count, filler] })
      for (const each of clients) {
        for (let count = 0; count < total; count += 1) expect((await each.next()).data[0]).to.equal(count)
      }
    })
  }

  it('closes a client that reads too slowly, and delays nobody', async () => {
    const { gateway, provider, client, server, cn } = await connected('webSocket', {})
    const slow = await gateway.connect()
    await slow.service('arena')
    await slow.ask({ type: 1, subtype: 0, server })
    const { cn: slowCn } = await provider.next()
    slow.ws.pause()
    const data = ['x'.repeat(100_000)]
    for (let index = 0; index < 150; index += 1) {
      provider.send({ type: 3, cns: [slowCn, cn], subtype: 1, data })
      expect((await client.next()).type).to.equal(3)
    }
    expect(await provider.next()).to.deep.equal({ type: 1, cn: slowCn, subtype: 9 })
    slow.ws.resume()
    expect(await slow.closed).to.be.oneOf([1013, 1006])
  })
})
