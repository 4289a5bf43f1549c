import { expect } from 'chai'
import { Cleanups } from '../../../test/helpers/cleanups.ts'
import { eventually } from '../../../test/helpers/eventually.ts'
import { failureOf } from '../../../test/helpers/failure-of.ts'
import { channelSettings, echo, note, pulse } from '../../../test/helpers/link-fixtures.ts'
import { LossyCluster } from '../../../test/helpers/lossy-cluster.ts'
import { LossyLine } from '../../../test/helpers/lossy-transport.ts'
import { TestMaster } from '../../../test/helpers/test-master.ts'
import { encodeFrame } from '../codec/session.ts'
import { Connection } from '../connection.ts'
import { Payload } from '../payload.ts'
import { Session } from './session.ts'

/** Frames as (type, everything else), for what a side has written. */
function written(frames: readonly string[]): Array<Record<string, unknown>> {
  return frames.map((frame) => {
    const [header = '', data = ''] = frame.split('\n')
    return { ...(JSON.parse(header) as object), data: JSON.parse(data) as unknown }
  })
}

describe('A session', () => {
  const cleanups = new Cleanups()
  afterEach(() => cleanups.run())

  /** A raw peer of the master: what it writes is what the test says. */
  function rawPeer(master: TestMaster) {
    const line = new LossyLine()
    const connection = new Connection(line.left)
    void master.accept(line.right, 'session')
    cleanups.add(() => { line.cut(); master.close() })
    return {
      line,
      say: (type: string, data: unknown = {}) => line.left.send(encodeFrame({ type }, Payload.ofValue(data))),
      write: (header: object, data = '{}') => line.left.send(`${JSON.stringify(header)}\n${data}`),
      hear: async () => written([await connection.next(5_000)])[0] ?? {},
      register: async () => {
        await connection.next(5_000)
        line.left.send(encodeFrame({ type: 'register_control' }, Payload.ofValue({ token: 'good', agent: 'raw', version: '2.0.0' })))
        return written([await connection.next(5_000)])[0]?.data as { session_id: string; session_secret: string }
      },
    }
  }

  it('goes on over a new connection, and tells its owners of the gap alone', async () => {
    const cluster = new LossyCluster(cleanups)
    const link = await cluster.connect()
    cluster.line.cut()
    expect(link.isOpen).to.equal(true)
    expect(await link.send(echo, { n: 1 })).to.deep.equal({ n: 1 })
    expect(cluster.owner.changes).to.deep.equal([false, true])
    expect(cluster.master.owner.changes).to.deep.equal([false, true])
    expect(cluster.began).to.deep.equal([link])
    expect(cluster.client.link).to.equal(link)
    expect(cluster.lines).to.have.length(2)
  })

  it('takes over from a connection that still looks alive', async () => {
    const cluster = new LossyCluster(cleanups)
    const link = await cluster.connect()
    const old = cluster.line
    old.cut('right')
    expect(await link.send(echo, { n: 1 })).to.deep.equal({ n: 1 })
    expect(old.right.isOpen).to.equal(false)
    expect(cluster.master.link.isConnected).to.equal(true)
    cluster.master.link.emit(note, { n: 2 })
    await eventually(() => expect(cluster.owner.events).to.deep.equal([['note', 2]]))
    expect(cluster.master.links).to.have.length(1)
  })

  it('registers anew on the same connection when the master has forgotten it, and fails what was pending', async () => {
    const cluster = new LossyCluster(cleanups)
    const link = await cluster.connect()
    cluster.isReachable = false
    cluster.line.cut()
    const pending = failureOf(link.send(echo, { n: 1 }))
    cluster.master.close()
    cluster.master = new TestMaster()
    cluster.isReachable = true
    expect(await pending).to.include({ code: 'session_lost' })
    await eventually(() => expect(cluster.began).to.have.length(2))
    expect(await cluster.began[1]?.send(echo, { n: 2 })).to.deep.equal({ n: 2 })
    expect(cluster.owner.ends).to.deep.equal(['the master does not know the session any more'])
    expect(cluster.client.link).to.equal(cluster.began[1])
    expect(cluster.lines).to.have.length(2)
    expect(cluster.master.links).to.have.length(1)
    expect(cluster.master.owner.requests).to.deep.equal([2])
  })

  it('is refused to who does not know its secret, and lives on', async () => {
    const master = new TestMaster()
    const peer = rawPeer(master)
    const { session_id: id } = await peer.register()
    for (const attempt of [{ session_id: id, session_secret: 'guessed' }, { session_id: 'guessed', session_secret: 'guessed' }]) {
      const thief = rawPeer(master)
      await thief.hear()
      thief.say('resume', { ...attempt, received: 0 })
      expect(await thief.hear()).to.include({ type: 'session_unknown' })
      thief.say('resume', { ...attempt, received: 0 })
      expect(await thief.hear()).to.deep.include({ type: 'close', error: { code: 'malformed', message: 'Invalid handshake' } })
    }
    await eventually(() => expect(master.refusals).to.have.length(2))
    for (const refusal of master.refusals) expect(refusal).to.include({ code: 'malformed', message: 'Invalid handshake' })
    expect(master.link.isConnected).to.equal(true)
  })

  it('is not resumed by who claims to have more than was sent', async () => {
    const master = new TestMaster()
    const peer = rawPeer(master)
    const proof = await peer.register()
    const again = rawPeer(master)
    await again.hear()
    again.say('resume', { ...proof, received: 5 })
    expect(await again.hear()).to.include({ type: 'session_unknown' })
  })

  it('is not resumed for an owner whose access was revoked', async () => {
    const cluster = new LossyCluster(cleanups)
    const link = await cluster.connect()
    cluster.master.isAccessRevoked = true
    const pending = failureOf(link.send(echo, { n: 1 }))
    cluster.line.cut()
    expect(await pending).to.include({ code: 'session_lost' })
    await eventually(() => expect(cluster.began).to.have.length(2))
  })

  it('ends on both sides, with the reason, when its peer does not come back in time', async () => {
    const cluster = new LossyCluster(cleanups, { settings: { resumeWindowMs: 30 } })
    const link = await cluster.connect()
    cluster.isReachable = false
    const pending = [failureOf(link.send(echo, { n: 1 })), failureOf(cluster.master.link.send(echo, { n: 1 }))]
    cluster.line.cut()
    const reason = 'the connection was lost and did not come back in time'
    for (const failure of await Promise.all(pending)) expect(failure).to.include({ code: 'session_lost' })
    expect(cluster.owner.ends).to.deep.equal([reason])
    expect(cluster.master.owner.ends).to.deep.equal([reason])
    expect(cluster.master.sessions.size).to.equal(0)
    cluster.isReachable = true
    await eventually(() => expect(cluster.began).to.have.length(2))
  })

  it('finds a peer that is gone without a word by its silence, on either side', async () => {
    for (const unaware of ['left', 'right'] as const) {
      const cluster = new LossyCluster(cleanups, { settings: { heartbeatMs: 10, heartbeatTimeoutMs: 50 } })
      const link = await cluster.connect()
      cluster.isReachable = false
      cluster.line.cut(unaware)
      await eventually(() => expect([link.isConnected, cluster.master.link.isConnected]).to.deep.equal([false, false]))
      expect([link.isOpen, cluster.master.link.isOpen]).to.deep.equal([true, true])
      cluster.isReachable = true
      expect(await link.send(echo, { n: 1 })).to.deep.equal({ n: 1 })
    }
  })

  it('lives on heartbeats alone', async () => {
    const cluster = new LossyCluster(cleanups, { settings: { heartbeatMs: 5, heartbeatTimeoutMs: 200 } })
    await cluster.connect()
    await eventually(() => expect(cluster.line.left.sent.filter((frame) => frame.startsWith('{"type":"heartbeat"')).length).to.be.above(60))
    expect(cluster.lines).to.have.length(1)
  })

  it('ends with a clear error on both sides when too much is not acknowledged', async () => {
    const cluster = new LossyCluster(cleanups, { settings: { sendBufferBytes: 10_000, ackDelayMs: 60_000, ackEveryMessages: 1_000_000 } })
    const link = await cluster.connect()
    const pending = [failureOf(link.send(echo, { n: 0 })), failureOf(cluster.master.link.send(echo, { n: 0 }))]
    for (let n = 0; n < 1_000; n += 1) link.emit(note, { n })
    for (const failure of await Promise.all(pending)) {
      expect(failure.code).to.equal('session_lost')
      expect(failure.message).to.include('The peer acknowledges too slowly: the send buffer is full')
    }
    await eventually(() => expect(cluster.master.owner.ends).to.deep.equal(['The peer acknowledges too slowly: the send buffer is full']))
  })

  it('takes a message of any size that the peer takes, while no more waits', async () => {
    const cluster = new LossyCluster(cleanups, { settings: { sendBufferBytes: 10_000 } })
    const link = await cluster.connect()
    for (let n = 0; n < 2; n += 1) {
      link.emit(note, { n, filler: 'x'.repeat(100_000) } as { n: number })
      await eventually(() => expect(cluster.master.owner.events).to.have.length(n + 1))
      expect(await link.send(echo, { n })).to.deep.equal({ n })
    }
  })

  it('ends when too much waits for a peer that is away, and the peer learns that it is lost', async () => {
    const cluster = new LossyCluster(cleanups, { settings: { sendBufferBytes: 10_000 } })
    const link = await cluster.connect()
    cluster.isReachable = false
    cluster.line.cut()
    await eventually(() => expect(cluster.master.link.isConnected).to.equal(false))
    const pending = failureOf(link.send(echo, { n: 0 }))
    for (let n = 0; n < 1_000; n += 1) cluster.master.link.emit(note, { n })
    await eventually(() => expect(cluster.master.owner.ends).to.have.length(1))
    cluster.isReachable = true
    expect(await pending).to.include({ code: 'session_lost' })
    await eventually(() => expect(cluster.began).to.have.length(2))
  })

  it('keeps few messages while its peer reads along, however many are sent', async () => {
    const line = new LossyLine()
    const settings = channelSettings({ ackEveryMessages: 64, ackDelayMs: 20 })
    const [near, far] = [new Session('s', settings, new Connection(line.left)), new Session('s', settings, new Connection(line.right))]
    let arrived = 0
    const quiet = { message: () => {}, connected: () => {}, closed: () => {} }
    near.start(quiet)
    far.start({ ...quiet, message: () => { arrived += 1 } })
    cleanups.add(() => { near.close('quit'); far.close('quit') })
    let most = 0
    for (let n = 0; n < 100_000; n += 1) {
      near.send({ kind: 'event', type: 'note', data: Payload.ofValue({ n }) })
      most = Math.max(most, near.unacknowledged)
      if (n % 50 === 0) await new Promise(setImmediate)
    }
    await eventually(() => expect(near.unacknowledged).to.equal(0))
    expect(arrived).to.equal(100_000)
    expect(most).to.be.below(1_000)
  })

  it('acknowledges large messages before they fill the buffer of their sender', async () => {
    const cluster = new LossyCluster(cleanups, { settings: { sendBufferBytes: 1_048_576, ackDelayMs: 60_000 } })
    const link = await cluster.connect()
    for (let n = 0; n < 100; n += 1) {
      link.emit(note, { n, filler: 'x'.repeat(100_000) } as { n: number })
      await new Promise(setImmediate)
    }
    await eventually(() => expect(cluster.master.owner.events).to.have.length(100))
    expect(link.isOpen).to.equal(true)
  })

  it('acknowledges along with what it sends itself', async () => {
    const cluster = new LossyCluster(cleanups, { settings: { ackDelayMs: 60_000, ackAlongMessages: 3 } })
    const link = await cluster.connect()
    for (let n = 0; n < 3; n += 1) link.emit(note, { n })
    await eventually(() => expect(cluster.master.owner.events).to.have.length(3))
    const acks = (): object[] => written(cluster.line.right.sent).filter((frame) => 'ack' in frame)
    expect(acks()).to.deep.equal([])
    cluster.master.link.emit(pulse, { n: 1 })
    await eventually(() => expect(acks()).to.deep.equal([{ type: 'ack', ack: 3, data: {} }]))
  })

  it('acknowledges a lone message after the delay', async () => {
    const cluster = new LossyCluster(cleanups, { settings: { ackDelayMs: 10 } })
    const link = await cluster.connect()
    link.emit(note, { n: 1 })
    await eventually(() => expect(written(cluster.line.right.sent)).to.deep.include({ type: 'ack', ack: 1, data: {} }))
  })

  it('drops volatile events for a peer that is away or slow, and keeps the others', async () => {
    const cluster = new LossyCluster(cleanups)
    const link = await cluster.connect()
    cluster.line.left.bufferedBytes = 9 * 1024 * 1024
    link.emit(pulse, { n: 1 })
    link.emit(note, { n: 2 })
    cluster.line.left.bufferedBytes = 0
    cluster.isReachable = false
    cluster.line.cut()
    await eventually(() => expect(link.isConnected).to.equal(false))
    link.emit(pulse, { n: 3 })
    link.emit(note, { n: 4 })
    cluster.isReachable = true
    await eventually(() => expect(cluster.master.owner.events).to.deep.equal([['note', 2], ['note', 4]]))
  })

  it('cuts off a peer that acknowledges what it does not read, also where it is only sent acknowledgements', async () => {
    for (const type of ['echo_request', 'note_event']) {
      const master = new TestMaster({ settings: channelSettings({ sendBufferBytes: 1_000 }) })
      const peer = rawPeer(master)
      await peer.register()
      peer.line.right.bufferedBytes = 4_000
      peer.write({ type, seq: 1 }, '{"n":1}')
      await peer.hear()
      expect(master.link.isConnected).to.equal(true)
      peer.line.right.bufferedBytes = 4_001
      peer.write({ type, seq: 2, ack: type === 'echo_request' ? 1 : 0 }, '{"n":2}')
      await eventually(() => expect([master.link.isOpen, master.link.isConnected]).to.deep.equal([true, false]))
    }
  })

  it('is over for both when either breaks the protocol, and says why', async () => {
    const breaches: Array<[object, string?]> = [
      [{ type: 'note_event', seq: 2 }], [{ type: 'nonsense' }], [{ type: 'nonsense', seq: 1 }], [{ type: 'echo_response', seq: 1 }],
      [{ type: 'echo_request' }], [{ type: 'ack', ack: 7 }], [{ seq: 1 }], [{ type: 'x', seq: 'y' }],
    ]
    for (const [header, data] of breaches) {
      const master = new TestMaster()
      const peer = rawPeer(master)
      await peer.register()
      peer.write(header, data)
      expect(await peer.hear(), JSON.stringify(header)).to.deep.equal({
        type: 'close', error: { code: 'link_closed', message: 'Invalid message: Malformed' }, data: { reason: 'Invalid message: Malformed' },
      })
      await eventually(() => expect(master.owner.ends).to.deep.equal(['Invalid message: Malformed']))
      expect(master.sessions.size).to.equal(0)
    }
  })

  it('drops what it has seen before, and answers to nothing', async () => {
    const master = new TestMaster()
    const peer = rawPeer(master)
    await peer.register()
    const frame = { type: 'echo_request', seq: 1 }
    peer.write({ type: 'echo_response', seq: 0, reply_to: 1 })
    peer.write(frame, '{"n":1}')
    peer.write(frame, '{"n":1}')
    peer.write({ type: 'echo_response', seq: 2, reply_to: 99 })
    peer.write({ type: 'echo_request', seq: 3 }, '{"n":3}')
    await eventually(() => expect(master.owner.requests).to.deep.equal([1, 3]))
    expect(master.link.isConnected).to.equal(true)
  })

  it('ends, and is not tried again, when a message is larger than the peer takes', async () => {
    const cluster = new LossyCluster(cleanups)
    const link = await cluster.connect()
    const pending = failureOf(link.send(echo, { n: 1 }))
    cluster.line.right.close(1009, 'too large')
    const reason = 'a message is larger than its receiver takes'
    expect((await pending).message).to.include(reason)
    expect(cluster.owner.ends).to.deep.equal([reason])
    await eventually(() => expect(cluster.began).to.have.length(2))
  })

  it('leaves no gap in its sequence for a message that can\'t be encoded', async () => {
    const cluster = new LossyCluster(cleanups)
    const link = await cluster.connect()
    expect(await failureOf(link.send(echo, { n: 1n as unknown as number }))).to.include({ code: 'internal' })
    expect(await link.send(echo, { n: 2 })).to.deep.equal({ n: 2 })
  })

  it('closes a connection that it is given after its end', async () => {
    const line = new LossyLine()
    const session = new Session('s', channelSettings(), new Connection(new LossyLine().left))
    let ends = 0
    session.start({ message: () => {}, connected: () => {}, closed: () => { ends += 1 } })
    session.end('over', 'link_closed')
    session.attach(new Connection(line.left), 0)
    const peer = new Connection(line.right)
    expect(written([await peer.next(1_000)])[0]).to.deep.include({ type: 'close' })
    await eventually(() => expect(line.right.isOpen).to.equal(false))
    expect(ends).to.equal(1)
  })
})
