import { expect } from 'chai'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { getMasterStatus } from '../../lib/link/messages/cluster.ts'
import { Cleanups } from '../helpers/cleanups.ts'
import { TestCluster } from '../helpers/cluster.ts'
import { Control } from '../helpers/control.ts'
import { eventually } from '../helpers/eventually.ts'
import { failureOf } from '../helpers/failure-of.ts'
import { textFrame, upgradeTo } from '../property/attacks.ts'

describe('what one address may do before it has logged in', () => {
  const cleanups = new Cleanups()
  afterEach(() => cleanups.run())

  function open(cluster: TestCluster): Socket {
    const socket = connect({ port: Number(new URL(cluster.url).port), host: '127.0.0.1' })
    cleanups.add(() => socket.destroy())
    socket.on('error', () => {})
    return socket
  }

  async function answerOf(socket: Socket): Promise<string> {
    let text = ''
    socket.on('data', (data) => { text += data.toString('latin1') })
    await once(socket, 'close')
    return text
  }

  it('is so many connections, at all doors together; those that have logged in do not count', async () => {
    const cluster = await TestCluster.start(cleanups, { slaves: [], master: { 'limits.unauthenticated_connections': 4, 'limits.handshake_ms': 60_000 } })
    const controls = [await cluster.link(), await cluster.link(), await cluster.link(), await cluster.link(), await cluster.link()]
    // Two that have said nothing, one that is in the middle of the handshake.
    const waiting = [open(cluster), open(cluster), open(cluster)]
    waiting[2]?.write(upgradeTo('/api/socket', undefined))
    if (waiting[2]) await once(waiting[2], 'data')
    const fourth = open(cluster)
    await once(fourth, 'connect')
    const refused = await answerOf(open(cluster))
    expect(refused).to.match(/^HTTP\/1.1 429 /)
    expect(refused).to.include('limits.unauthenticated_connections')
    await controls[0]?.send(getMasterStatus, {})

    fourth.destroy()
    await eventually(() => cluster.api(getMasterStatus, {}))
    controls.push(await cluster.link())
  })

  it('is so many failed logins a minute, over HTTP and the link alike; who has a good token is let in', async () => {
    const cluster = await TestCluster.start(cleanups, { slaves: [], master: { 'limits.failed_logins_per_minute': 4 } })
    const control = await cluster.link()
    for (let i = 0; i < 2; i++) {
      expect((await failureOf(cluster.api(getMasterStatus, {}, { token: 'wrong' }))).code).to.equal('unauthenticated')
      expect((await failureOf(Control.connect({ url: cluster.url, token: 'wrong' }))).code).to.equal('unauthenticated')
    }
    const blocked = await failureOf(cluster.api(getMasterStatus, {}, { token: 'wrong' }))
    expect(blocked.code).to.equal('overloaded')
    expect(blocked.details).to.deep.equal({ limit: 'limits.failed_logins_per_minute' })
    expect((await fetch(`${cluster.url}/api/v1/get_master_status`, { method: 'POST', headers: { authorization: 'Bearer wrong' } })).status).to.equal(429)
    expect((await failureOf(Control.connect({ url: cluster.url, token: 'wrong' }))).message).to.match(/Too many failed logins/)
    await cluster.api(getMasterStatus, {})
    await cluster.link()
    expect((await fetch(`${cluster.url}/health`)).status).to.equal(200)
    await control.send(getMasterStatus, {})
  })

  it('is a message of so many bytes: a larger one ends its connection with close code 1009, at its announcement', async () => {
    const cluster = await TestCluster.start(cleanups, { slaves: [], master: { 'limits.message_bytes': 100_000 } })
    const socket = open(cluster)
    socket.write(upgradeTo('/api/socket', undefined))
    // Its first 20 bytes; the rest never comes.
    socket.write(textFrame(' '.repeat(100_001)).subarray(0, 20))
    const answer = await answerOf(socket)
    const close = Buffer.from(answer, 'latin1')
    expect(close.includes(Buffer.from([0x03, 0xf1])), 'close code 1009').to.equal(true)
    const tooLarge = await fetch(`${cluster.url}/api/v1/get_master_status`, { method: 'POST', headers: { authorization: `Bearer ${cluster.token}` }, body: ' '.repeat(100_001) })
    expect(tooLarge.status).to.equal(413)
  })

  it('after it: requests in flight and messages a second are bounded for each link', async function () {
    this.timeout(30_000)
    const cluster = await TestCluster.start(cleanups, { slaves: [], master: { 'limits.requests_in_flight': 2, 'limits.messages_per_second': 50 } })
    const control = await cluster.link()
    const started = performance.now()
    const outcomes: string[] = []
    for (let wave = 1; wave <= 3; wave++) {
      outcomes.push(...await Promise.all(Array.from({ length: 60 }, () => control.send(getMasterStatus, {}).then(() => 'ok', (error: unknown) => (error as { code: string }).code))))
    }
    // A second's worth at once, then 50 a second: nothing is lost.
    expect(performance.now() - started).to.be.within(1_000, 10_000)
    expect(outcomes).to.have.length(180)
    expect(new Set(outcomes)).to.satisfy((set: Set<string>) => [...set].every((code) => code === 'ok' || code === 'overloaded'))
    expect(outcomes).to.include('ok')
  })
})
