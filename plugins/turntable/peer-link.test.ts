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

  beforeEach(async () => {
    frames.length = 0
    sockets = []
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'turntable' })
    cleanups.add(() => {
      for (const ws of server.clients) ws.terminate()
      server.close()
    })
    server.on('connection', (ws) => {
      sockets.push(ws)
      ws.on('message', (data: Buffer) => frames.push(JSON.parse(data.toString())))
    })
    await once(server, 'listening')
    link = new PeerLink({
      url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
      secret: undefined,
      heartbeat: { intervalMs: 20_000, timeoutMs: 10_000 },
      inviteTtlMs: 1_000,
      log: silentLogger,
      changed: () => {},
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
