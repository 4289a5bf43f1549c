import { expect } from 'chai'
import fc from 'fast-check'
import { statSync } from 'node:fs'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Dialect } from '../../lib/link/channel.ts'
import { sessionSubprotocol } from '../../lib/link/handshake/shapes.ts'
import { getMasterStatus } from '../../lib/link/messages/cluster.ts'
import { sendRcon } from '../../lib/link/messages/console.ts'
import { listInstances, startInstance } from '../../lib/link/messages/instances.ts'
import { Cleanups } from '../helpers/cleanups.ts'
import { TestCluster } from '../helpers/cluster.ts'
import type { Control } from '../helpers/control.ts'
import { eventually } from '../helpers/eventually.ts'
import { faultRounds, report } from '../helpers/fault-rounds.ts'
import { attacks, perform, textFrame, upgradeTo } from './attacks.ts'
import type { Attack } from './attacks.ts'

const runs = faultRounds(40, 20)
const atOnce = 8
const smallMessages = faultRounds(20_000, 10_000)
/** What V8 and the allocator may keep of what was in use for a while. */
const memoryMarginBytes = 60 * 1024 * 1024
const honestDeadlineMs = 5_000

describe('all listeners under fuzzing', () => {
  const cleanups = new Cleanups()
  let cluster: TestCluster
  let port = 0
  before(async () => {
    cluster = await TestCluster.start(cleanups, {
      // The limits have their own tests; here nobody is to be turned away at the gate.
      master: { 'limits.failed_logins_per_minute': 1_000_000, 'limits.unauthenticated_connections': 100_000, 'link.heartbeat_timeout_ms': 10_000, 'link.resume_window_ms': 200, 'limits.handshake_ms': 1_000 },
    })
    port = Number(new URL(cluster.url).port)
  })
  after(() => cleanups.run())

  it(`crash nothing, leave no honest peer without its answer, and give all memory back, over ${runs * atOnce} attacks`, async function () {
    this.timeout(120_000 + runs * 3_000)
    const { id } = await cluster.create('target')
    await cluster.api(startInstance, { instance_id: id, wait: true })
    const honest = await cluster.link()
    const programs = [cluster.master.pid, cluster.slave().pid]
    const arbitrary = attacks(cluster.token)
    // What is compiled and cached on first use is not to be taken for a leak.
    await attackAll(fc.sample(arbitrary, { numRuns: 300, seed: 1 }))
    await quiet(honest)
    const before = await figures(honest)

    const peer = askAllTheTime(honest, id)
    let performed = 0
    await fc.assert(fc.asyncProperty(fc.array(arbitrary, { minLength: atOnce, maxLength: atOnce }), async (batch) => {
      await attackAll(batch)
      performed += batch.length
      expect(cluster.master.isRunning && cluster.slave().isRunning).to.equal(true)
    }), { numRuns: runs, endOnFailure: true })
    await attackSlave()
    const { asked, slowestMs } = await peer.stop()

    await quiet(honest)
    const after = await eventually(async () => {
      const now = await figures(honest)
      expect(now.memoryBytes - before.memoryBytes).to.be.below(memoryMarginBytes)
      expect(now.openFiles).to.be.at.most(before.openFiles + 3)
      return now
    }, { deadlineMs: 30_000, what: 'Memory and open files' })
    expect([cluster.master.pid, cluster.slave().pid]).to.deep.equal(programs)
    expect(cluster.master.log).to.not.match(/failed \{|Error:/)
    expect((await cluster.api(listInstances, {})).list).to.have.length(1)
    report(`${performed} attacks, ${asked} honest requests between them: 0 crashes, 0 unanswered (slowest ${slowestMs} ms); `
      + `memory ${megabytes(before.memoryBytes)} before, ${megabytes(after.memoryBytes)} after`)
  })

  it(`read ${smallMessages} small messages of one link without keeping others waiting`, async function () {
    this.timeout(60_000 + smallMessages / 10)
    const honest = await cluster.link()
    const before = await figures(honest)
    const socket = await greeted('session')
    const message = textFrame('{"type":"heartbeat"}\n{}')
    const block = Buffer.concat(Array.from({ length: 1_000 }, () => message))
    const started = performance.now()
    let slowestMs = 0
    for (let sent = 0; sent < smallMessages; sent += 1_000) {
      if (!socket.write(block)) await roomIn(socket)
      expect(socket.destroyed, 'the link is slowed down, not ended').to.equal(false)
      if (sent % 5_000 === 0) slowestMs = Math.max(slowestMs, await timed(() => honest.send(getMasterStatus, {}, { deadlineMs: honestDeadlineMs })))
    }
    // Much may wait in the buffers of the two systems: read is what comes before an answered request.
    const answered = new Promise<void>((resolve) => {
      socket.on('data', (data) => { if (data.includes('get_master_status_response')) resolve() })
    })
    socket.write(textFrame('{"type":"get_master_status_request","seq":1}\n{}'))
    await answered
    const seconds = (performance.now() - started) / 1_000
    socket.destroy()
    // Less the first second's credit and the last pieces that were read at once.
    expect((smallMessages - 45_000) / seconds).to.be.below(21_000)
    expect((await figures(honest)).memoryBytes - before.memoryBytes).to.be.below(memoryMarginBytes)
    report(`${smallMessages} messages in ${seconds.toFixed(1)} s; an honest peer waited at most ${Math.round(slowestMs)} ms`)
  })

  it('end a peer that never reads, before it costs memory', async function () {
    this.timeout(60_000)
    const honest = await cluster.link()
    const before = await figures(honest)
    const socket = await greeted('base')
    socket.pause()
    const ask = (seq: number): Buffer => textFrame(JSON.stringify({ seq, type: 'list_slaves_request', data: {} }))
    let seq = 2
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
    let isClosed = false
    void closed.then(() => { isClosed = true })
    const block = (): Buffer => Buffer.concat(Array.from({ length: 2_000 }, () => ask(seq++)))
    const giveUpAt = performance.now() + 40_000
    while (!isClosed && performance.now() < giveUpAt) {
      if (!socket.write(block())) await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), closed, delay(500)])
      const { memoryBytes } = await figures(honest)
      expect(memoryBytes - before.memoryBytes, 'memory while it does not read').to.be.below(memoryMarginBytes + 32 * 1024 * 1024)
    }
    socket.destroy()
    expect(isClosed, 'the master ends it').to.equal(true)
    await honest.send(getMasterStatus, {}, { deadlineMs: honestDeadlineMs })
  })

  it('close connections that say nothing, or only half of something, in the time for the handshake', async function () {
    this.timeout(30_000)
    const halves: Buffer[] = [Buffer.alloc(0), Buffer.from('POST /api/v1/list_sl'), Buffer.from('GET /health HTTP/1.1\r\nHost: x\r\n'), upgradeTo('/api/socket', undefined), upgradeTo('/api/socket', 'corral.1')]
    const times = await Promise.all(halves.map((half) => timed(() => new Promise<void>((resolve) => {
      const socket = connect({ port, host: '127.0.0.1' })
      cleanups.add(() => socket.destroy())
      socket.on('error', () => {})
      socket.on('data', () => {})
      socket.on('close', () => resolve())
      socket.write(half)
    }))))
    // limits.handshake_ms is 1000 here; node looks once a second, a WebSocket's goodbye has two.
    for (const ms of times) expect(ms).to.be.within(900, 5_000)
    report(`half-open connections were closed after ${times.map((ms) => Math.round(ms)).join(', ')} ms`)
  })

  async function attackAll(batch: readonly Attack[]): Promise<void> {
    await Promise.all(batch.map((attack) => perform({ port, host: '127.0.0.1' }, attack)))
  }

  /** The one socket of a slave: the lock of its data directory. */
  async function attackSlave(): Promise<void> {
    const { dev, ino } = statSync(join(cluster.directory, 'data-east'))
    for (const attack of fc.sample(attacks('x'), 50)) await perform({ path: `\0corral-slave-${dev}-${ino}` }, attack, 1)
  }

  /** A connection that is let in and then does what it likes. */
  async function greeted(dialect: Dialect): Promise<Socket> {
    const socket = connect({ port, host: '127.0.0.1' })
    cleanups.add(() => socket.destroy())
    socket.on('error', () => {})
    const data = { token: cluster.token, agent: 'x', version: '2.0.0' }
    socket.write(upgradeTo('/api/socket', dialect === 'session' ? sessionSubprotocol : undefined))
    socket.write(textFrame(dialect === 'session' ? `{"type":"register_control"}\n${JSON.stringify(data)}` : JSON.stringify({ seq: 1, type: 'register_control', data })))
    let text = ''
    await new Promise<void>((resolve) => {
      socket.on('data', (data) => {
        if (text.length < 10_000) text += data.toString('latin1')
        if (text.includes('"ready"')) resolve()
      })
    })
    return socket
  }

  function askAllTheTime(honest: Control, id: number): { stop(): Promise<{ asked: number; slowestMs: number }> } {
    let isAsking = true
    let asked = 0
    let slowestMs = 0
    const asking = (async () => {
      while (isAsking) {
        slowestMs = Math.max(slowestMs, await timed(() => honest.send(getMasterStatus, {}, { deadlineMs: honestDeadlineMs })))
        slowestMs = Math.max(slowestMs, await timed(() => honest.send(sendRcon, { instance_id: id, command: `echo ${asked}` }, { deadlineMs: honestDeadlineMs })))
        asked += 2
        await delay(100)
      }
    })()
    asking.catch(() => {})
    return {
      stop: async () => {
        isAsking = false
        await asking
        return { asked, slowestMs: Math.round(slowestMs) }
      },
    }
  }

  /** All attackers' connections and sessions are gone. */
  async function quiet(honest: Control): Promise<void> {
    await eventually(async () => expect((await honest.send(getMasterStatus, {})).controls).to.equal(1), { deadlineMs: 30_000, what: 'The end of the attackers\' links' })
  }

  async function figures(honest: Control): Promise<{ memoryBytes: number; openFiles: number }> {
    const { memory_bytes: memoryBytes } = await honest.send(getMasterStatus, {}, { deadlineMs: honestDeadlineMs })
    const text = await (await fetch(`${cluster.url}/metrics`)).text()
    return { memoryBytes, openFiles: Number(/^process_open_fds (\d+)/m.exec(text)?.[1]) }
  }
})

/** Resolves when more can be written, or never will. */
function roomIn(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off('drain', done)
      socket.off('close', done)
      resolve()
    }
    socket.on('drain', done)
    socket.on('close', done)
  })
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  return performance.now() - began
}

function megabytes(count: number): string {
  return `${(count / 1_048_576).toFixed(0)} MiB`
}
