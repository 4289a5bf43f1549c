import { expect } from 'chai'
import { once } from 'node:events'
import { request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { WebSocket } from 'ws'
import { Cleanups } from '../../helpers/cleanups.ts'
import { startConcierge } from '../../helpers/concierge.ts'
import type { TestConcierge } from '../../helpers/concierge.ts'
import { eventually } from '../../helpers/eventually.ts'

const uuidV4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const identify = { type: 'IDENTIFY', name: 'anthony', version: '0.1.0' }

async function upgrade(url: string, headers: Record<string, string>): Promise<IncomingMessage> {
  const sent = request(`${url}/ws`, {
    headers: { 'Connection': 'Upgrade', 'Upgrade': 'websocket', 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==', ...headers },
  })
  sent.end()
  const [response] = await Promise.race([once(sent, 'upgrade'), once(sent, 'response')]) as [IncomingMessage]
  response.socket.on('error', () => {})
  response.socket.destroy()
  return response
}

describe('The concierge lets clients in', () => {
  const cleanups = new Cleanups()
  const own = new Cleanups()
  let concierge: TestConcierge

  before(async () => { concierge = await startConcierge(cleanups) })
  after(() => cleanups.run())
  afterEach(async () => {
    await own.run()
  })

  async function outcomeOf(...frames: string[]): Promise<number | string> {
    const client = await concierge.connect()
    for (const frame of frames) client.raw(frame)
    const outcome = await Promise.race([client.closed.then(({ code, reason }) => {
      expect(Buffer.byteLength(reason)).to.be.within(1, 123)
      return code
    }), client.next().then(({ type }) => String(type), () => client.closed.then(({ code }) => code))])
    client.ws.terminate()
    await client.closed
    return outcome
  }

  it('answers the subprotocol whenever one was offered, also letter by letter, and none else', async () => {
    for (const offered of ['ert-concierge', 'e, r, t, -, c, o, n, c, i, e, r, g, e', 'other', '']) {
      const response = await upgrade(concierge.url, { 'Sec-WebSocket-Protocol': offered })
      expect(response.statusCode, offered).to.equal(101)
      expect(response.headers['sec-websocket-protocol'], offered).to.equal('ert-concierge')
    }
    const plain = await upgrade(concierge.url, {})
    expect(plain.statusCode).to.equal(101)
    expect(plain.headers).not.to.have.property('sec-websocket-protocol')
  })

  it('greets with a UUID of version 4 and its version, before anything else', async () => {
    const client = await concierge.connect()
    const hello = await client.ask(identify)
    expect(Object.keys(hello)).to.have.members(['type', 'uuid', 'version'])
    expect(hello).to.include({ type: 'HELLO', version: '0.1.0' })
    expect(hello.uuid).to.match(uuidV4)
    expect(await client.settled()).to.deep.equal([])
    await client.close()
  })

  it('takes a name that is free again', async () => {
    await (await concierge.join('anthony')).close()
    const again = await eventually(() => concierge.join('anthony'))
    await again.close()
  })

  it('closes with 4002 what it can\'t decode', async () => {
    const malformed = [
      '', 'nonsense', '{', '[]', '"IDENTIFY"', '42', 'null', 'true', '{}', '{"type":5}', '{"type":"NONSENSE"}', '{"type":"__proto__"}', '{"type":"constructor"}',
      '{"type":"IDENTIFY"}', '{"type":"IDENTIFY","name":"a"}', '{"type":"IDENTIFY","version":"0.1.0"}', '{"type":"IDENTIFY","name":5,"version":"0.1.0"}',
      '{"type":"IDENTIFY","name":"a","version":1}', '{"type":"IDENTIFY","name":"a","version":"0.1.0","secret":5}',
      '{"type":"IDENTIFY","name":"a","version":"0.1.0","tags":"x"}', '{"type":"IDENTIFY","name":"a","version":"0.1.0","tags":[1]}',
      '{"type":"IDENTIFY","name":"a","version":"0.1.0","nickname":5}', '{"type":"MESSAGE"}', '{"type":"GROUP_CREATE"}', '{"type":"SELF_SUBSCRIBE"}',
      `${'['.repeat(10_000)}${']'.repeat(10_000)}`, JSON.stringify({ ...identify, tags: Array.from({ length: 5_000 }, () => 'x') }),
      '{"type":"IDENTIFY","name":"a","version":"0.1.0",}', '\u0000', '\ufeff{"type":"IDENTIFY","name":"a","version":"0.1.0"}',
    ]
    for (const frame of malformed) expect(await outcomeOf(frame), frame.slice(0, 80)).to.equal(4002)
  })

  it('closes with 4002 when the first frame is binary, and just answers a ping', async () => {
    const binary = await concierge.connect()
    binary.ws.send(Buffer.from(JSON.stringify(identify)))
    expect((await binary.closed).code).to.equal(4002)
    const pinging = await concierge.connect()
    pinging.ws.ping('x')
    await once(pinging.ws, 'pong')
    expect(await pinging.ask({ ...identify, name: 'pinging' })).to.include({ type: 'HELLO' })
    await pinging.close()
  })

  it('closes with 4003 any other well-formed payload', async () => {
    for (const frame of [
      { type: 'SELF_FETCH' }, { type: 'GROUP_FETCH_ALL' }, { type: 'CLIENT_FETCH_ALL' }, { type: 'GROUP_FETCH', name: 'chat' },
      { type: 'SELF_SUBSCRIBE', name: 'chat' }, { type: 'SUBSCRIBE', name: 'chat' }, { type: 'GROUP_CREATE', name: 'x' },
      { type: 'MESSAGE', target: { type: 'ALL' }, data: null }, { type: 'HELLO', uuid: 'x', version: '0.1.0' }, { type: 'STATUS', code: 'OK' },
    ]) expect(await outcomeOf(JSON.stringify(frame)), frame.type).to.equal(4003)
  })

  it('closes with 4008 names of other characters than letters, digits and _', async () => {
    for (const name of ['', ' ', 'a b', 'a-b', 'a.b', 'a/b', '../a', 'a\n', 'a\u0000', '💩', '"', '\ud800']) {
      expect(await outcomeOf(JSON.stringify({ ...identify, name })), JSON.stringify(name)).to.equal(4008)
    }
    for (const name of ['a', '_', '7', 'Zoë', '武', 'имя', '__proto__', 'constructor', 'toString']) {
      expect(await outcomeOf(JSON.stringify({ ...identify, name })), name).to.equal('HELLO')
    }
  })

  it('closes with 4007 versions that do not satisfy ^0.1.0', async () => {
    for (const version of ['0.0.9', '0.2.0', '1.0.0', '1.1.0', '', 'x', '0.1', '0.1.0.0', '0.1.x', '00.1.0', '0.1.0-beta', '-0.1.0', ' 0.1.0']) {
      expect(await outcomeOf(JSON.stringify({ ...identify, version })), version).to.equal(4007)
    }
    for (const version of ['0.1.0', '0.1.27', '0.1.3+build.5']) expect(await outcomeOf(JSON.stringify({ ...identify, version })), version).to.equal('HELLO')
  })

  it('closes with 4006 a secret when none is configured', async () => {
    for (const secret of ['', 'x']) expect(await outcomeOf(JSON.stringify({ ...identify, secret }))).to.equal(4006)
    expect(await outcomeOf(JSON.stringify({ ...identify, secret: null, nickname: null, tags: null }))).to.equal('HELLO')
  })

  it('checks decoding, name, secret, version and duplicates in this order', async () => {
    const holder = await concierge.join('taken')
    expect(await outcomeOf(JSON.stringify({ type: 'IDENTIFY', name: '-', secret: 'x' }))).to.equal(4002)
    expect(await outcomeOf(JSON.stringify({ type: 'IDENTIFY', name: '-', secret: 'x', version: '9' }))).to.equal(4008)
    expect(await outcomeOf(JSON.stringify({ type: 'IDENTIFY', name: 'taken', secret: 'x', version: '9' }))).to.equal(4006)
    expect(await outcomeOf(JSON.stringify({ type: 'IDENTIFY', name: 'taken', version: '9' }))).to.equal(4007)
    expect(await outcomeOf(JSON.stringify({ type: 'IDENTIFY', name: 'taken', version: '0.1.0' }))).to.equal(4005)
    expect(await holder.settled()).to.deep.equal([])
    await holder.close()
  })

  it('lets exactly one of two in who give one name at once', async () => {
    const both = await Promise.all([concierge.connect(), concierge.connect()])
    for (const client of both) client.send({ ...identify, name: 'twin' })
    const outcomes = await Promise.all(both.map((client) => client.next().then(({ type }) => String(type), () => client.closed.then(({ code }) => code))))
    expect(outcomes).to.have.members(['HELLO', 4005])
    for (const client of both) client.ws.terminate()
  })

  it('ignores what follows a first frame that it refused', async () => {
    const watcher = await concierge.join('watcher')
    expect(await outcomeOf('nonsense', JSON.stringify(identify))).to.equal(4002)
    expect(await watcher.settled()).to.deep.equal([])
    await watcher.close()
  })

  it('closes with 4004 after five seconds of silence, pings or not', async function test() {
    this.timeout(10_000)
    const began = performance.now()
    const silent = await concierge.connect()
    const pinging = await concierge.connect()
    const timer = setInterval(() => pinging.ws.ping(), 200)
    const identified = await concierge.join('identified')
    expect((await silent.closed).code).to.equal(4004)
    expect(performance.now() - began).to.be.within(4_900, 7_000)
    expect((await pinging.closed).code).to.equal(4004)
    clearInterval(timer)
    expect(await identified.settled()).to.deep.equal([])
    await identified.close()
  })

  it('survives connections that vanish before, in and after the handshake', async () => {
    for (let index = 0; index < 20; index += 1) {
      const ws = new WebSocket(`${concierge.url.replace('http', 'ws')}/ws`)
      ws.on('error', () => {})
      if (index % 2 === 0) ws.once('open', () => ws.terminate())
      else setImmediate(() => ws.terminate())
      await new Promise((resolve) => { ws.once('close', resolve) })
    }
    await (await concierge.join('survivor')).close()
  })
})

describe('The concierge with a secret', () => {
  const cleanups = new Cleanups()
  let concierge: TestConcierge

  before(async () => { concierge = await startConcierge(cleanups, { secret: 'hunter2' }, { config: { 'limits.failed_logins_per_minute': 8 } }) })
  after(() => cleanups.run())

  async function closeCode(secret: unknown): Promise<number> {
    const client = await concierge.connect()
    client.send({ ...identify, secret })
    return (await client.closed).code
  }

  it('lets in who knows it, and who has a token of the cluster', async () => {
    for (const secret of ['hunter2', concierge.tokens.admin.token, concierge.tokens.viewer.token]) {
      await (await concierge.join(`a${secret.length}`, { secret })).close()
    }
  })

  it('closes with 4006 who does not, with the connections of a token that is revoked; who fails too often may not guess on', async () => {
    const client = await concierge.join('revoked', { secret: concierge.tokens.viewer.token })
    await concierge.tokens.viewer.revoke()
    expect((await client.closed).code).to.equal(4006)
    for (const secret of [undefined, null, '', 'hunter', 'hunter22', concierge.tokens.join.token, concierge.tokens.slave.token, concierge.tokens.viewer.token]) {
      expect(await closeCode(secret), String(secret)).to.equal(4006)
    }
    expect(await closeCode('hunter2')).to.equal(4006)
    await (await concierge.join('operator', { secret: concierge.tokens.admin.token })).close()
  })
})
