import { expect } from 'chai'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import { Cleanups } from '../../test/helpers/cleanups.ts'
import { eventually } from '../../test/helpers/eventually.ts'
import { silentLogger } from '../../lib/log/logger.ts'
import { PeerLink } from './peer-link.ts'

describe('the link to another turntable server', () => {
  const cleanups = new Cleanups()
  const frames: unknown[] = []
  let sockets: WebSocket[] = []
  let link: PeerLink
  let changed: () => void
  let subscribed: (ws: WebSocket) => void

  beforeEach(async () => {
    frames.length = 0
    sockets = []
    changed = () => {}
    subscribed = () => {}
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'turntable' })
    cleanups.add(() => {
      for (const ws of server.clients) ws.terminate()
      server.close()
    })
    server.on('connection', (ws) => {
      sockets.push(ws)
      ws.on('message', (data: Buffer) => {
        const frame = JSON.parse(data.toString()) as { command: string }
        frames.push(frame)
        if (frame.command === 'subscribe') subscribed(ws)
      })
    })
    await once(server, 'listening')
    link = new PeerLink({
      url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
      secret: undefined,
      heartbeat: { intervalMs: 20_000, timeoutMs: 10_000 },
      inviteTtlMs: 1_000,
      log: silentLogger,
      changed: () => changed(),
    })
    cleanups.add(() => link.close())
  })
  afterEach(() => cleanups.run())

  const seen = (...expected: unknown[]): Promise<void> => eventually(() => { expect(frames).to.deep.equal(expected) })

  it('tells who plays in a game here, again after a reconnect, and who plays no longer', async () => {
    link.report('Ann', true)
    link.report('Bob', true)
    await seen({ command: 'userchange', data: { Ann: 'busy', Bob: 'busy' } })
    link.report('Ann', false)
    await eventually(() => { expect(frames).to.have.length(2) })
    expect(frames.at(-1)).to.deep.equal({ command: 'userchange', data: { Ann: 'offline' } })
    frames.length = 0
    sockets[0]!.terminate()
    await seen({ command: 'userchange', data: { Bob: 'busy' } })
  })

  it('asks in messages that the other server reads, however many and long the ids are', async () => {
    const ids = Array.from({ length: 3_000 }, (_, index) => `${index}:${'\u0001'.repeat(500)}`)
    link.want(ids)
    await eventually(() => { expect(frames.flatMap((frame) => (frame as { data: string[] }).data)).to.deep.equal(ids) })
    for (const frame of frames) expect(Buffer.byteLength(JSON.stringify(frame))).to.be.lessThan(1_048_576)
  })

  it('keeps no more than a thousand invites while it is not connected, the newest', async () => {
    for (let index = 0; index < 1_100; index++) link.invite('Ann', `c${index}`)
    await eventually(() => { expect(frames).to.have.length(1_000) })
    expect(frames[0]).to.deep.equal({ command: 'invite', data: { user: 'Ann', channel: 'c100' } })
  })

  describe('that is lost', () => {
    /** What the other server says of `u` to whoever subscribes to him. */
    let says: string | undefined
    const learnt: unknown[] = []

    beforeEach(() => {
      says = 'online'
      learnt.length = 0
      changed = () => learnt.push(link.known('u'))
      subscribed = (ws) => { if (says) ws.send(JSON.stringify({ command: 'userchange', data: { u: says } })) }
    })

    async function loseConnection(): Promise<void> {
      const count = sockets.length
      sockets.at(-1)!.terminate()
      await eventually(() => { expect(sockets.length).to.be.above(count) })
    }

    it('again says nothing of users of whom it has been told meanwhile', async () => {
      link.want(['u'])
      await eventually(() => { expect(learnt).to.deep.equal(['online']) })
      const startMs = Date.now()
      await loseConnection()
      await eventually(() => { expect(learnt).to.have.length(2) })
      // Shortly before the time that the first loss gave is over.
      await eventually(() => { expect(Date.now() - startMs).to.be.above(1_700) })
      says = undefined
      await loseConnection()
      await eventually(() => { expect(Date.now() - startMs).to.be.above(2_600) })
      expect(learnt).to.deep.equal(['online', 'online'])
    })

    it('has users offline who are not told of again, at last also when it is lost again and again', async () => {
      link.want(['u'])
      await eventually(() => { expect(learnt).to.deep.equal(['online']) })
      says = undefined
      const startMs = Date.now()
      while (learnt.length === 1 && Date.now() - startMs < 8_000) await loseConnection()
      expect(learnt).to.deep.equal(['online', 'offline'])
      expect(Date.now() - startMs).to.be.within(1_900, 6_000)
    })

    it('has a user offline in time of whom nothing was ever told', async () => {
      says = undefined
      const startMs = Date.now()
      link.want(['u'])
      await eventually(() => { expect(sockets).to.have.length(1) })
      while (learnt.length === 0 && Date.now() - startMs < 8_000) await loseConnection()
      expect(Date.now() - startMs).to.be.within(1_900, 3_500)
      expect(learnt).to.deep.equal(['offline'])
    })
  })

  it('forgets users that nobody wants any more when there are too many', async () => {
    const ids = (time: number): string[] => Array.from({ length: 5_000 }, (_, index) => `${time}:${index}:`.padEnd(1_000, 'x'))
    for (let time = 0; time < 5; time++) {
      link.want(ids(time))
      await eventually(() => { expect(link.isOpen).to.equal(true) })
      for (const id of ids(time)) link.unwant(id)
    }
    await eventually(() => { expect(sockets[0]!.readyState).to.equal(3) })
  })

  it('is not made anew when there is nothing left to say', async () => {
    link.bind('Ann', 'room', true)
    await eventually(() => { expect(frames).to.have.length(1) })
    link.bind('Ann', 'room', false)
    await eventually(() => { expect(frames).to.have.length(2) })
    sockets[0]!.terminate()
    await eventually(() => { expect(link.isOpen).to.equal(false) })
    link.want(['Bob'])
    await eventually(() => { expect(frames.at(-1)).to.deep.equal({ command: 'subscribe', data: ['Bob'] }) })
    expect(sockets).to.have.length(2)
    expect(frames).to.have.length(3)
  })
})
