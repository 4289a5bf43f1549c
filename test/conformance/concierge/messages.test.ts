import { expect } from 'chai'
import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import { Cleanups } from '../../helpers/cleanups.ts'
import { startConcierge } from '../../helpers/concierge.ts'
import type { ConciergeClient, TestConcierge } from '../../helpers/concierge.ts'

const sent = (seq: number) => ({ type: 'STATUS', code: 'MESSAGE_SENT', seq })

describe('The concierge passes messages on', () => {
  const cleanups = new Cleanups()
  let concierge: TestConcierge
  let anthony: ConciergeClient
  let brendan: ConciergeClient

  before(async () => { concierge = await startConcierge(cleanups) })
  after(() => cleanups.run())
  beforeEach(async () => {
    anthony = await concierge.join('anthony', { nickname: 'Tony', tags: ['babylon', '"'] })
    brendan = await concierge.join('brendan')
    await anthony.until(({ code }) => code === 'CLIENT_JOINED')
  })
  afterEach(async () => {
    anthony.ws.terminate()
    brendan.ws.terminate()
    await Promise.all([anthony.closed, brendan.closed])
    await namesAreFree()
  })

  /** Waits for the server to have noticed that the clients of a test are gone. */
  async function namesAreFree(): Promise<void> {
    const probe = await concierge.join(`probe${Math.random().toString(36).slice(2)}`)
    for (;;) {
      const { clients } = await probe.ask({ type: 'CLIENT_FETCH_ALL' }).then(async (frame) => {
        let last = frame
        while (last.type !== 'CLIENT_FETCH_ALL_RESULT') last = await probe.next()
        return last
      })
      if ((clients as unknown[]).length === 1) break
    }
    await probe.close()
  }

  const origin = (): object => ({ name: 'anthony', nickname: 'Tony', uuid: anthony.uuid, tags: ['babylon', '"'], group: null })

  it('to a name, with the sender\'s origin in place of what it claims and the target without unknown keys', async () => {
    const answer = await anthony.ask({
      type: 'MESSAGE', origin: { name: 'root' }, target: { type: 'NAME', name: 'brendan', tags: ['babylon'] }, data: { foo: 'bar' }, extra: 1,
    })
    expect(answer).to.deep.equal(sent(0))
    expect(await brendan.next()).to.deep.equal({ type: 'MESSAGE', origin: origin(), target: { type: 'NAME', name: 'brendan' }, data: { foo: 'bar' } })
  })

  it('to a UUID, in either case', async () => {
    for (const uuid of [brendan.uuid, brendan.uuid.toUpperCase()]) {
      anthony.send({ type: 'MESSAGE', target: { type: 'UUID', uuid }, data: 1 })
      expect(await brendan.next()).to.deep.equal({ type: 'MESSAGE', origin: origin(), target: { type: 'UUID', uuid }, data: 1 })
    }
  })

  it('to all, the sender too, and to oneself before the MESSAGE_SENT', async () => {
    const expected = { type: 'MESSAGE', origin: origin(), target: { type: 'ALL' }, data: 'hi' }
    expect(await anthony.ask({ type: 'MESSAGE', target: { type: 'ALL' }, data: 'hi' })).to.deep.equal(expected)
    expect(await anthony.next()).to.deep.equal(sent(0))
    expect(await brendan.next()).to.deep.equal(expected)
    const own = await anthony.ask({ type: 'MESSAGE', target: { type: 'NAME', name: 'anthony' }, data: 'self' })
    expect(own).to.deep.include({ type: 'MESSAGE', data: 'self' })
    expect(await anthony.next()).to.deep.equal(sent(1))
  })

  it('to a group\'s subscribers, with the group in the origin', async () => {
    anthony.send({ type: 'MESSAGE', target: { type: 'GROUP', group: 'chat' }, data: 'to nobody' })
    expect(await anthony.next()).to.deep.equal(sent(0))
    await brendan.ask({ type: 'SELF_SUBSCRIBE', name: 'chat' })
    anthony.send({ type: 'MESSAGE', target: { type: 'GROUP', group: 'chat' }, data: 'hi' })
    expect(await anthony.next()).to.deep.equal(sent(1))
    const group = { name: 'chat', nickname: 'Chat Channel', owner_uuid: '00000000-0000-0000-0000-000000000000', subscribers: [brendan.uuid] }
    expect(await brendan.next()).to.deep.equal({ type: 'MESSAGE', origin: { ...origin(), group }, target: { type: 'GROUP', group: 'chat' }, data: 'hi' })
    await anthony.ask({ type: 'SELF_SUBSCRIBE', name: 'chat' })
    const own = await anthony.ask({ type: 'MESSAGE', target: { type: 'GROUP', group: 'chat' }, data: 'both' })
    expect(own.origin.group.subscribers).to.deep.equal([brendan.uuid, anthony.uuid])
    expect(await anthony.next()).to.deep.equal(sent(3))
  })

  it('byte for byte', async () => {
    const texts = [
      '1.50', '-0', '1e5', '1E+05', '12345678901234567890', '0.1000000000000000055511151231257827', 'null', 'false', '0', '""', '[]', '{}', '"\\u0041\\/\\ud83d\\ude00"',
      '"\\ud800"', '{ "a" : 1 , "a":2 }', '[ 1,\n2,\t3 ]', '{"__proto__":{"x":1}}', '"\\"}\\\\"', '"ünïcödé 💩"', `"${'x'.repeat(100_000)}"`,
    ]
    for (const data of texts) {
      brendan.raw(`{"type":"MESSAGE","target":{"type":"NAME","name":"anthony"},"data":${data}}`)
      const text = await anthony.nextText()
      expect(text.endsWith(`,"data":${data}}`), data.slice(0, 50)).to.equal(true)
      JSON.parse(text)
    }
  })

  it('with the last of several data, targets and types, however they are spelled', async () => {
    brendan.raw('{"data":1,"type":"SELF_FETCH","t\\u0061rget":{"type":"ALL"},"d\\u0061ta" : 2.0 ,"target":{"type":"NAME","name":"x","name":"anthony"},"type":"MESSAGE","nested":{"data":3}}')
    expect(await anthony.nextText()).to.match(/"target":\{"type":"NAME","name":"anthony"\},"data":2\.0\}$/)
  })

  it('not to those who are not there', async () => {
    expect(await anthony.ask({ type: 'MESSAGE', target: { type: 'NAME', name: '__proto__' }, data: 0 })).to.deep.equal({ type: 'STATUS', code: 'NO_SUCH_NAME', name: '__proto__', seq: 0 })
    const uuid = '73fcc768-d724-47e2-a101-a45298188f47'
    expect(await anthony.ask({ type: 'MESSAGE', target: { type: 'UUID', uuid }, data: 0 })).to.deep.equal({ type: 'STATUS', code: 'NO_SUCH_UUID', uuid, seq: 1 })
    expect(await anthony.ask({ type: 'MESSAGE', target: { type: 'GROUP', group: 'constructor' }, data: 0 })).to.deep.equal({ type: 'STATUS', code: 'NO_SUCH_GROUP', group: 'constructor', name: 'constructor', seq: 2 })
  })

  it('not when something is missing or malformed, and says what', async () => {
    const bad = [
      {}, { target: { type: 'ALL' } }, { data: 1 }, { target: null, data: 1 }, { target: 'ALL', data: 1 }, { target: [], data: 1 }, { target: {}, data: 1 },
      { target: { type: 'NOBODY' }, data: 1 }, { target: { type: 'NAME' }, data: 1 }, { target: { type: 'NAME', name: 5 }, data: 1 },
      { target: { type: 'UUID' }, data: 1 }, { target: { type: 'UUID', uuid: 'x' }, data: 1 }, { target: { type: 'UUID', uuid: `${brendan.uuid}0` }, data: 1 },
      { target: { type: 'GROUP' }, data: 1 }, { target: { type: 'GROUP', name: 'chat' }, data: 1 },
    ]
    for (const [seq, rest] of bad.entries()) {
      const answer = await anthony.ask({ type: 'MESSAGE', ...rest })
      expect(answer, JSON.stringify(rest)).to.include({ type: 'STATUS', code: 'PROTOCOL', seq })
      expect(answer.desc).to.be.a('string').that.is.not.empty
    }
    expect(await brendan.settled()).to.deep.equal([])
  })

  it('counting text frames from 0, undecodable ones too, but not binary ones and pings', async () => {
    for (const [seq, text] of ['nonsense', '', '[]', '5', '{"type":"NONSENSE"}', '{"type":"GROUP_FETCH"}', '['.repeat(5_000), '{"type":["MESSAGE"]}'].entries()) {
      anthony.raw(text)
      expect(await anthony.next(), text.slice(0, 40)).to.include({ type: 'STATUS', code: 'PROTOCOL', seq })
    }
    anthony.ws.send(Buffer.from('{"type":"SELF_FETCH"}'))
    anthony.ws.ping()
    anthony.ws.pong()
    expect(await anthony.ask({ type: 'SELF_FETCH' })).to.include({ type: 'SELF_FETCH_RESULT', seq: 8 })
  })

  it('answering UNSUPORTED to payloads that are not a client\'s, and a second IDENTIFY', async () => {
    const types = ['IDENTIFY', 'HELLO', 'STATUS', 'GROUP_FETCH_RESULT', 'GROUP_FETCH_ALL_RESULT', 'CLIENT_FETCH_ALL_RESULT', 'SELF_FETCH_RESULT']
    for (const [seq, type] of types.entries()) {
      expect(await anthony.ask({ type, name: 'other', version: '0.1.0' })).to.deep.equal({ type: 'STATUS', code: 'UNSUPORTED', seq })
    }
  })

  it('up to the limit, and closes with 1009 beyond it', async () => {
    const frame = (bytes: number): string => `{"type":"MESSAGE","target":{"type":"NAME","name":"brendan"},"data":"${'x'.repeat(bytes - 70)}"}`
    expect(frame(1_048_576)).to.have.length(1_048_576)
    anthony.raw(frame(1_048_576))
    expect(await anthony.next()).to.deep.equal(sent(0))
    expect((await brendan.next()).data).to.have.length(1_048_576 - 70)
    anthony.raw(frame(1_048_577))
    expect((await anthony.closed).code).to.equal(1009)
    expect(await brendan.next()).to.include({ code: 'CLIENT_LEFT', name: 'anthony' })
  })

  it('though others send frames that break the protocol', async () => {
    // Reserved bits, an unmasked frame, an unknown opcode, text that is no UTF-8, a fragmented ping, a close code that does not exist.
    for (const bytes of [[0xf1, 0x80, 0, 0, 0, 0], [0x81, 0x01, 0x41], [0x83, 0x80, 0, 0, 0, 0], [0x81, 0x81, 0, 0, 0, 0, 0xff], [0x09, 0x80, 0, 0, 0, 0], [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe7]]) {
      const hostile = await concierge.join('hostile')
      expect(await brendan.next()).to.include({ code: 'CLIENT_JOINED', name: 'hostile' })
      hostile.socket.write(Buffer.from(bytes))
      expect(await brendan.next()).to.include({ code: 'CLIENT_LEFT', name: 'hostile' })
      await hostile.closed
    }
    expect((await anthony.ask({ type: 'SELF_FETCH' })).code).to.equal('CLIENT_JOINED')
  })

  it('though others vanish without a close', async () => {
    const socket = connectTcp(concierge.port, '127.0.0.1')
    socket.write('GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n')
    await once(socket, 'data')
    const payload = Buffer.from('{"type":"IDENTIFY","name":"ghost","version":"0.1.0"}')
    socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | payload.length, 0, 0, 0, 0]), payload]))
    expect(await brendan.next()).to.include({ code: 'CLIENT_JOINED', name: 'ghost' })
    socket.resetAndDestroy()
    expect(await brendan.next()).to.include({ code: 'CLIENT_LEFT', name: 'ghost' })
  })
})

describe('The concierge and connections that do not answer', () => {
  const cleanups = new Cleanups()
  afterEach(() => cleanups.run())

  it('ends one that answers no ping, and keeps one that does', async () => {
    const concierge = await startConcierge(cleanups, { heartbeat_ms: 60 })
    const watcher = await concierge.join('watcher')
    const silent = await concierge.join('silent')
    expect(await watcher.next()).to.include({ code: 'CLIENT_JOINED', name: 'silent' })
    silent.socket.pause()
    expect(await watcher.next()).to.include({ code: 'CLIENT_LEFT', name: 'silent' })
    expect(await watcher.settled()).to.deep.equal([])
  })

  it('closes with 1001 when the master stops', async () => {
    const concierge = await startConcierge(cleanups)
    const client = await concierge.join('client')
    await concierge.stop()
    expect((await client.closed).code).to.equal(1001)
  })
})
