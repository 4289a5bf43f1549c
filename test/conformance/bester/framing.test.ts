import { expect } from 'chai'
import type { Logger } from '../../../lib/log/logger.ts'
import { delivery, frame, login, loginReport, password, reply, report, startBester } from '../../helpers/bester.ts'
import type { TestBester } from '../../helpers/bester.ts'
import { Cleanups } from '../../helpers/cleanups.ts'
import { eventually } from '../../helpers/eventually.ts'

const maxFrameBytes = 100_000

function head(length: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(length)
  return bytes
}

describe('bester: framing', () => {
  const cleanups = new Cleanups()
  let bester: TestBester
  before(async () => {
    bester = await startBester(cleanups, {
      handlers: ['echo', 'silent'], fields: { max_frame_bytes: maxFrameBytes, handler_timeout_ms: 400 }, config: { 'limits.handshake_ms': 400 },
    })
    await bester.handler('echo', (data) => reply('sendClients', [data?.to ?? 'alice'], data))
    await bester.handler('silent', () => undefined)
  })
  after(() => cleanups.run())

  it('takes frames that TCP has split at every byte', async () => {
    const client = bester.connect()
    const bytes = Buffer.concat([frame(JSON.stringify(login())), frame(JSON.stringify({ header: {}, payload: { type: 'echo', data: 'ä€😀', id: 'x' } }))])
    for (const byte of bytes) {
      client.raw(Buffer.of(byte))
      await new Promise(setImmediate)
    }
    expect([await client.next(), await client.next(), await client.next()]).to.deep.equal([loginReport, delivery('echo', 'ä€😀'), report('x', 'good')])
  })

  it('takes many frames in one piece, and a frame and a half', async () => {
    const client = bester.connect()
    const frames = Array.from({ length: 100 }, (_, index) => frame(JSON.stringify({ header: null, payload: { type: 'dummy', data: 0, id: String(index) } })))
    const bytes = Buffer.concat([frame(JSON.stringify(login())), ...frames])
    client.raw(bytes.subarray(0, -3))
    expect(await client.next()).to.deep.equal(loginReport)
    for (let index = 0; index < 99; index += 1) expect((await client.next()).payload.id).to.equal(String(index))
    client.raw(bytes.subarray(-3))
    expect((await client.next()).payload.id).to.equal('99')
  })

  for (const length of [0, -1, -2_147_483_648, maxFrameBytes + 1, 2_147_483_647]) {
    it(`closes at a length of ${length}, before and after the login`, async () => {
      expect(await bester.connect().raw(head(length)).next()).to.equal('closed')
      const client = await bester.login()
      expect(await client.raw(Buffer.concat([head(length), Buffer.from('{}')])).next()).to.equal('closed')
    })
  }

  it('takes a frame of just the largest size, and keeps order in one that is followed by nonsense', async () => {
    const client = await bester.login()
    const overhead = JSON.stringify({ header: {}, payload: { type: 'dummy', data: '', id: 'x' } }).length
    client.message('dummy', 'x'.repeat(maxFrameBytes - overhead), 'x')
    expect((await client.next()).payload.id).to.equal('x')
    client.raw(Buffer.concat([frame(JSON.stringify({ payload: { type: 'echo', data: 1, id: 'y' } })), head(-1)]))
    expect([await client.next(), await client.next(), await client.next()]).to.deep.equal([delivery('echo', 1), report('y', 'good'), 'closed'])
  })

  it('says bad rather than send a frame above the limit', async () => {
    const client = await bester.login()
    const overhead = JSON.stringify({ header: {}, payload: { type: 'echo', data: '', id: 'x' } }).length
    expect(await client.ask('echo', 'x'.repeat(maxFrameBytes - overhead), 'x')).to.deep.equal(report('x', 'bad'))
  })

  it('cuts off who connects and says nothing, or half a first message', async () => {
    const silent = bester.connect()
    const half = bester.connect().raw(frame(JSON.stringify(login())).subarray(0, 20))
    expect(await silent.next()).to.equal('closed')
    expect(await half.next()).to.equal('closed')
  })

  it('cuts off who leaves a later frame half sent, but not who is idle between frames', async () => {
    const [half, idle] = [await bester.login(), await bester.login('bob')]
    half.raw(frame(JSON.stringify({ payload: {} })).subarray(0, 6))
    expect(await half.next()).to.equal('closed')
    expect((await idle.ask('dummy', 0, 'x')).payload.id).to.equal('x')
    idle.raw(Buffer.of(1))
    expect(await idle.next()).to.equal('closed')
  })

  it('holds no more than a few half frames of those that have not logged in, and lets others in all the same', async () => {
    const patient = await startBester(cleanups, { fields: { max_frame_bytes: maxFrameBytes } })
    const small = patient.connect().raw(head(20))
    const half = Buffer.concat([head(maxFrameBytes), Buffer.alloc(maxFrameBytes - 5, 0x20)])
    const clients = Array.from({ length: 12 }, () => patient.connect().raw(half))
    let closed = 0
    for (const client of clients) client.socket.once('close', () => { closed += 1 })
    await eventually(() => expect(closed).to.be.within(7, 11))
    await patient.login()
    expect((await patient.informer().send({ command: { type: 'isClient', data: 'alice' } }).next()).data).to.equal(true)
    expect(small.socket.destroyed).to.equal(false)
  })

  it('is no stranger\'s means to keep the others waiting, whatever is in a frame of the largest size', async () => {
    const wide = await startBester(cleanups)
    const honest = await wide.login()
    const hostile = wide.connect().raw(frame(`{"header":[${'{},'.repeat(5_000_000)}{}]}`))
    let longestMs = 0
    for (let isOver = false; !isOver;) {
      const began = performance.now()
      expect((await honest.ask('dummy', 0, 'x')).payload.id).to.equal('x')
      longestMs = Math.max(longestMs, performance.now() - began)
      isOver = hostile.socket.destroyed || hostile.socket.readableEnded
    }
    expect(longestMs).to.be.below(1_200)
  })

  it('takes no client for slow because of what it is sent within one moment', async () => {
    const small = await startBester(cleanups, { handlers: ['to'], fields: { max_frame_bytes: 1_024 } })
    await small.handler('to', (times) => reply('sendClients', Array.from({ length: times }, () => 'alice'), 'x'.repeat(300)))
    const client = await small.login()
    client.raw(Buffer.concat(Array.from({ length: 40 }, (_, index) => frame(JSON.stringify({ payload: { type: 'dummy', data: 0, id: String(index) } })))))
    for (let index = 0; index < 40; index += 1) expect((await client.next()).payload?.id).to.equal(String(index))
    client.message('to', 6, 'x')
    expect(await client.settled()).to.deep.equal([...Array.from({ length: 6 }, () => delivery('to', 'x'.repeat(300))), report('x', 'good')])
    const large = await startBester(cleanups, { handlers: ['to'], fields: { max_frame_bytes: 1_048_576 } })
    await large.handler('to', () => reply('sendClients', ['alice', 'alice', 'alice', 'alice'], 'x'.repeat(900_000)))
    const reader = await large.login()
    expect(await reader.ask('to', 0, 'x')).to.have.nested.property('payload.data').with.length(900_000)
    expect(await reader.settled()).to.have.length(4)
  })

  it('handles what was sent before the client ended its side, and answers it', async () => {
    const client = bester.connect()
    client.socket.end(Buffer.concat([frame(JSON.stringify(login())), ...[1, 2, 3].map((data) => frame(JSON.stringify({ payload: { type: 'echo', data, id: String(data) } })))]))
    expect(await client.next()).to.deep.equal(loginReport)
    for (const data of [1, 2, 3]) expect([await client.next(), await client.next()]).to.deep.equal([delivery('echo', data), report(String(data), 'good')])
    expect(await client.next()).to.equal('closed')
  })

  it('handles what was sent by a client that is gone, and forgets it', async () => {
    const alice = await bester.login()
    const bob = await bester.login('bob')
    bob.socket.end(frame(JSON.stringify({ payload: { type: 'echo', data: 'farewell' } })))
    bob.socket.destroySoon()
    expect(await alice.next()).to.deep.equal(delivery('echo', 'farewell'))
    const informer = bester.informer()
    await eventually(async () => {
      expect((await informer.send({ command: { type: 'isClient', data: 'bob' } }).next()).data).to.equal(false)
    })
  })

  it('handles what was sent by a client that resets the connection', async () => {
    const alice = await bester.login()
    const bob = bester.connect()
    const messages = [{ type: 'silent', data: 0, id: 'x' }, { type: 'echo', data: 'farewell', id: 'y' }].map((payload) => frame(JSON.stringify({ payload })))
    bob.raw(Buffer.concat([frame(JSON.stringify(login('bob'))), ...messages]))
    expect(await bob.next()).to.deep.equal(loginReport)
    bob.socket.resetAndDestroy()
    expect(await alice.next()).to.deep.equal(delivery('echo', 'farewell'))
    await eventually(async () => {
      expect((await bester.informer().send({ command: { type: 'isClient', data: 'bob' } }).next()).data).to.equal(false)
    })
  })

  it('takes a client off the list once it is gone, whatever of its messages is still to be done', async () => {
    const slow = await startBester(cleanups, { handlers: ['silent'], fields: { handler_timeout_ms: 60_000 } })
    const handler = await slow.handler('silent', () => undefined)
    const bob = await slow.login('bob')
    bob.message('silent', 1).message('silent', 2)
    await eventually(() => expect(handler.got).to.have.length(1))
    bob.socket.resetAndDestroy()
    await eventually(async () => {
      expect((await slow.informer().send({ command: { type: 'isClient', data: 'bob' } }).next()).data).to.equal(false)
    })
  })

  it('cuts off a client that does not read what it gets, and delays nobody by it', async () => {
    const bob = await bester.login('bob')
    bob.socket.pause()
    const alice = await bester.login()
    const big = 'x'.repeat(60_000)
    const informer = bester.informer()
    for (let count = 0; ; count += 1) {
      expect(await alice.ask('echo', { to: 'bob', big }, 'x')).to.deep.equal(report('x', 'good'))
      if (!(await informer.send({ command: { type: 'isClient', data: 'bob' } }).next()).data) break
      expect(count).to.be.below(2_000)
    }
  })

  it('is the same for the informer', async () => {
    for (const length of [0, -1, maxFrameBytes + 1]) expect(await bester.informer().raw(head(length)).next()).to.equal('closed')
    expect(await bester.informer().raw(head(20)).next()).to.equal('closed')
  })

  it('bears the password in no log and no report', async () => {
    const lines: string[] = []
    const write = (text: string): void => { lines.push(text) }
    const log: Logger = { error: write, warn: write, info: write, debug: write, child: () => log }
    const other = await startBester(cleanups, { log, handlers: ['echo'] })
    await other.login()
    await other.connect().send(login('alice', `${password}?`)).next()
    expect(lines.join('\n')).to.include('tcp4://').and.not.include(password)
  })
})
