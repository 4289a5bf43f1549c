import { createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { once } from 'node:events'
import { expect } from 'chai'
import { Cleanups } from '../../test/helpers/cleanups.ts'
import { eventually } from '../../test/helpers/eventually.ts'
import { failureOf } from '../../test/helpers/failure-of.ts'
import { freePort } from '../../test/helpers/free-port.ts'
import { controlRegistration, echo, note, slaveRegistration, testRegistry } from '../../test/helpers/link-fixtures.ts'
import { LossyCluster } from '../../test/helpers/lossy-cluster.ts'
import { SocketMaster } from '../../test/helpers/socket-master.ts'
import { RecordingOwner, TestMaster } from '../../test/helpers/test-master.ts'
import { ClusterError } from '../errors/cluster-error.ts'
import { LinkClient } from './client.ts'
import type { LinkClientOptions } from './client.ts'

describe('LinkClient', () => {
  const cleanups = new Cleanups()
  afterEach(() => cleanups.run())

  function client(url: string, options: Partial<LinkClientOptions> = {}): LinkClient {
    const made = new LinkClient({ url, dialect: 'session', registry: testRegistry(), registration: slaveRegistration, owner: new RecordingOwner(), backoff: { baseMs: 1, capMs: 20 }, ...options })
    cleanups.add(() => made.close('quit'))
    return made
  }

  /** A server that takes connections and says nothing. */
  async function silentServer(): Promise<{ server: Server; url: string; sockets: Socket[] }> {
    const sockets: Socket[] = []
    const server = createServer((socket) => {
      socket.on('error', () => {})
      sockets.push(socket)
    })
    server.listen({ host: '127.0.0.1', port: 0 })
    await once(server, 'listening')
    cleanups.add(() => { for (const socket of sockets) socket.destroy(); server.close() })
    return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, sockets }
  }

  for (const dialect of ['base', 'session'] as const) {
    it(`speaks the ${dialect} dialect with a master over a WebSocket`, async () => {
      const master = await SocketMaster.start(cleanups)
      const link = await client(master.url, { dialect }).connect()
      expect(link.channel.dialect).to.equal(dialect)
      expect(await link.send(echo, { n: 1 })).to.deep.equal({ n: 1 })
      link.emit(note, { n: 2 })
      expect(await master.link.send(echo, { n: 3 })).to.deep.equal({ n: 3 })
      await eventually(() => expect(master.owner.events).to.deep.equal([['note', 2]]))
    })

    it(`comes back to a master that was restarted, in the ${dialect} dialect`, async () => {
      const first = await SocketMaster.start(cleanups)
      const began: number[] = []
      const ours = client(first.url, { dialect, onLink: () => began.push(began.length) })
      const old = await ours.connect()
      await first.stop()
      const second = await SocketMaster.start(cleanups, { port: first.port })
      await eventually(() => expect(second.links).to.have.length(1))
      await eventually(() => expect(began).to.deep.equal([0, 1]))
      expect(old.isOpen).to.equal(false)
      expect(await ours.link?.send(echo, { n: 1 })).to.deep.equal({ n: 1 })
      expect(second.links).to.have.length(1)
    })
  }

  it('tries often for a while after its master has said that it stops', async () => {
    const first = await SocketMaster.start(cleanups)
    const ours = client(first.url, { backoff: { baseMs: 3_600_000, capMs: 3_600_000 } })
    await ours.connect()
    first.link.close('shutdown')
    await first.stop()
    const second = await SocketMaster.start(cleanups, { port: first.port })
    await eventually(() => expect(second.links).to.have.length(1), { deadlineMs: 10_000 })
  })

  it('resumes its session over a WebSocket that is cut', async () => {
    const master = await SocketMaster.start(cleanups)
    const ours = client(master.url)
    const link = await ours.connect()
    const answers = Promise.all(Array.from({ length: 200 }, (_, n) => link.send(echo, { n })))
    master.cut()
    expect((await answers).map(({ n }) => n)).to.deep.equal(Array.from({ length: 200 }, (_, n) => n))
    expect(master.owner.requests).to.deep.equal(Array.from({ length: 200 }, (_, n) => n))
    // Hundreds of small messages come in one read, right behind the end of the handshake.
    for (let n = 0; n < 500; n += 1) master.link.emit(note, { n })
    master.cut()
    for (let n = 500; n < 1_000; n += 1) master.link.emit(note, { n })
    expect(await link.send(echo, { n: 7 })).to.deep.equal({ n: 7 })
    expect(master.links).to.have.length(1)
    expect(master.opened).to.equal(3)
    expect(ours.link).to.equal(link)
  })

  it('starts anew, instead of resuming for ever, after a message that is larger than the master takes', async () => {
    const master = await SocketMaster.start(cleanups, { maxFrameBytes: 10_000 })
    const ours = client(master.url)
    const link = await ours.connect()
    const failure = await failureOf(link.send(echo, { n: 1, extra: 'x'.repeat(100_000) }))
    expect(failure).to.include({ code: 'link_closed' })
    expect(failure.message).to.include('a message is larger than its receiver takes')
    await eventually(() => expect(master.links).to.have.length(2))
    expect(master.owner.ends).to.have.length(1)
    expect(await ours.link?.send(echo, { n: 2 })).to.deep.equal({ n: 2 })
  })

  it('gets the messages that come right behind the handshake after it has told of the new link', async () => {
    const order: string[] = []
    const owner = Object.assign(new RecordingOwner(), { accept: () => { order.push('event') } })
    const master = await SocketMaster.start(cleanups, { onLink: (link) => link.emit(note, { n: 1 }) })
    await client(master.url, { owner, onLink: () => order.push('link') }).connect()
    await eventually(() => expect(order).to.deep.equal(['link', 'event']))
  })

  it('says that a master can\'t be reached, where, and why', async () => {
    const port = await freePort()
    const failure = await failureOf(client(`http://127.0.0.1:${port}`).connect())
    expect(failure).to.include({
      code: 'unreachable',
      message: `Can't reach the master at http://127.0.0.1:${port}: nothing listens there. Is it running, and is the address right?`,
    })
    expect((await failureOf(client('ftp://x').connect())).code).to.equal('invalid_config')
    expect((await failureOf(client('nonsense').connect())).code).to.equal('invalid_config')
  })

  it('says so when what answers speaks no WebSocket, or not in time', async () => {
    const { url, server } = await silentServer()
    expect(await failureOf(client(url, { dialDeadlineMs: 30 }).connect())).to.include({ code: 'unreachable' })
    server.on('connection', (socket: Socket) => socket.end('HTTP/1.1 404 Not Found\r\n\r\n'))
    expect((await failureOf(client(url).connect())).message).to.include('404')
  })

  it('keeps trying until there is a master', async () => {
    const port = await freePort()
    const failures: string[] = []
    const ours = client(`http://127.0.0.1:${port}`, { onFailure: ({ code }) => failures.push(code) })
    ours.start()
    ours.start()
    await eventually(() => expect(failures.length).to.be.above(2))
    expect(new Set(failures)).to.deep.equal(new Set(['unreachable']))
    const master = await SocketMaster.start(cleanups, { port })
    await eventually(() => expect(ours.link?.isConnected).to.equal(true))
    expect(master.links).to.have.length(1)
  })

  it('stops when its token is not accepted, unless told otherwise', async () => {
    const master = await SocketMaster.start(cleanups)
    const registration = { ...controlRegistration, token: 'bad' }
    for (const dialect of ['base', 'session'] as const) {
      expect(await failureOf(client(master.url, { dialect, registration }).connect())).to.include({ code: 'unauthenticated' })
      const failures: boolean[] = []
      client(master.url, { dialect, registration, onFailure: (_error, isFinal) => failures.push(isFinal) }).start()
      await eventually(() => expect(failures).to.deep.equal([true]))
      const tries: boolean[] = []
      client(master.url, { dialect, registration, isFinal: () => false, onFailure: (_error, isFinal) => tries.push(isFinal) }).start()
      await eventually(() => expect(tries.length).to.be.above(2))
      expect(failures).to.deep.equal([true])
    }
  })

  it('ends its link when the token is not accepted any more', async () => {
    const cluster = new LossyCluster(cleanups)
    let isAccepted = true
    cluster.master = new TestMaster({
      authenticate: () => {
        if (isAccepted) return 'good'
        throw new ClusterError('unauthenticated', 'The token was revoked')
      },
    })
    const link = await cluster.connect()
    isAccepted = false
    cluster.master.isAccessRevoked = true
    const pending = failureOf(link.send(echo, { n: 1 }))
    cluster.line.cut()
    await pending
    await eventually(() => expect(cluster.master.refusals).to.have.length(1))
    expect(cluster.client.link).to.equal(undefined)
    expect(cluster.lines).to.have.length(2)
  })

  it('does not hammer a master that lets it in and sends it away', async () => {
    const cluster = new LossyCluster(cleanups, { client: { backoff: { baseMs: 20, capMs: 60_000 }, onLink: () => setImmediate(() => cluster.master.link.close('go away')) } })
    const started = performance.now()
    cluster.client.start()
    await eventually(() => expect(cluster.lines.length).to.be.above(3), { deadlineMs: 15_000 })
    const perTry = (performance.now() - started) / cluster.lines.length
    await eventually(() => expect(performance.now() - started).to.be.above(500))
    expect(cluster.lines.length).to.be.below(15)
    expect(perTry).to.be.above(1)
  })

  it('is one client, however often it is started', async () => {
    const cluster = new LossyCluster(cleanups)
    await cluster.connect()
    cluster.client.start()
    expect(await failureOf(cluster.client.connect())).to.include({ code: 'conflict' })
    const link = cluster.client.link
    cluster.line.cut()
    await link?.send(echo, { n: 1 })
    expect(cluster.lines).to.have.length(2)
  })

  it('may be asked again to connect when the first try failed', async () => {
    const cluster = new LossyCluster(cleanups)
    cluster.isReachable = false
    await failureOf(cluster.client.connect().catch((error: unknown) => { throw ClusterError.from(error) }))
    cluster.isReachable = true
    expect((await cluster.connect()).isConnected).to.equal(true)
  })

  it('ends promptly when it is closed while it dials, shakes hands or waits', async () => {
    const { url, server, sockets } = await silentServer()
    const dialling = client(url)
    const dialled = once(server, 'connection')
    const first = failureOf(dialling.connect())
    await dialled
    dialling.close('enough')
    expect(await first).to.include({ code: 'link_closed', message: 'The client was closed: enough' })
    await eventually(() => expect(sockets[0]?.readableEnded || sockets[0]?.destroyed).to.equal(true))

    const master = await SocketMaster.start(cleanups, { authenticate: () => new Promise(() => {}) })
    const shaking = client(master.url)
    const second = failureOf(shaking.connect())
    await eventually(() => expect(master.registrations).to.equal(1))
    shaking.close('enough')
    expect(await second).to.include({ code: 'link_closed' })
    await eventually(() => expect(master.connections).to.equal(0))

    let fails = 0
    const waiting = client(`http://127.0.0.1:${await freePort()}`, { backoff: { baseMs: 60_000, capMs: 60_000 }, onFailure: () => { fails += 1 } })
    waiting.start()
    await eventually(() => expect(fails).to.equal(1))
    waiting.close('enough')
    expect(await failureOf(waiting.connect().catch((error: unknown) => { throw ClusterError.from(error) }))).to.have.property('code').that.is.oneOf(['link_closed', 'conflict'])
  })

  it('says goodbye and does not come back', async () => {
    const master = await SocketMaster.start(cleanups)
    for (const dialect of ['base', 'session'] as const) {
      const ours = client(master.url, { dialect })
      await ours.connect()
      ours.close('quit')
      ours.close('quit again')
      expect(ours.link).to.equal(undefined)
      await eventually(() => expect(master.connections).to.equal(0))
    }
    expect(master.owner.ends).to.deep.equal(['quit', 'quit'])
    expect(master.sessions.size).to.equal(0)
    expect(master.links).to.have.length(2)
  })
})
