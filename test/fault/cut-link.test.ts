import { expect } from 'chai'
import { setTimeout as delay } from 'node:timers/promises'
import { LinkClient } from '../../lib/link/client.ts'
import type { Link } from '../../lib/link/link.ts'
import { Cleanups } from '../helpers/cleanups.ts'
import { eventually } from '../helpers/eventually.ts'
import { faultRounds, report } from '../helpers/fault-rounds.ts'
import { channelSettings, echo, note, slaveRegistration, testRegistry } from '../helpers/link-fixtures.ts'
import { SocketMaster } from '../helpers/socket-master.ts'
import { TcpProxy } from '../helpers/tcp-proxy.ts'
import { RecordingOwner } from '../helpers/test-master.ts'

const cuts = faultRounds(30, 10)
const burst = 5
const settings = channelSettings({ resumeWindowMs: 30_000 })

describe('a link that is cut anywhere, again and again', () => {
  const cleanups = new Cleanups()
  afterEach(() => cleanups.run())

  it(`loses and doubles nothing, requests and events, both ways, over ${cuts} cuts`, async function () {
    this.timeout(30_000 + cuts * 300)
    const master = await SocketMaster.start(cleanups, { settings })
    const proxy = await TcpProxy.start(cleanups, master.port)
    proxy.maxDelayMs = 3
    const owner = new RecordingOwner()
    const client = new LinkClient({
      url: `http://127.0.0.1:${proxy.port}`,
      dialect: 'session',
      registry: testRegistry(),
      registration: slaveRegistration,
      settings, owner,
      backoff: { baseMs: 1, capMs: 4 },
    })
    cleanups.add(() => client.close('quit'))
    const link = await client.connect()

    let isSending = true
    const both = Promise.all([talk(link, () => isSending), talk(master.link, () => isSending)])
    while (proxy.cuts < cuts) {
      expect([...owner.ends, ...master.owner.ends], 'why the session ended').to.deep.equal([])
      const before = proxy.cuts
      // Anywhere: in the upgrade, in the handshake, in the first bytes of a frame's header, far into a stream.
      proxy.cutAfterBytes = Math.floor(Math.random() * (Math.random() < 0.3 ? 60 : 3_000))
      await eventually(() => expect(proxy.cuts).to.be.above(before), { deadlineMs: 20_000, what: 'the cut' })
      // Long enough for a resume, most times.
      await delay(Math.random() * 12)
    }
    proxy.cutAfterBytes = undefined
    isSending = false
    const [fromSlave, fromMaster] = await both

    await eventually(() => {
      expect(owner.events.length).to.equal(fromMaster.events)
      expect(master.owner.events.length).to.equal(fromSlave.events)
    }, { deadlineMs: 20_000, what: 'The arrival of all events' })
    expect([...fromSlave.failures, ...fromMaster.failures]).to.deep.equal([])
    for (const [arrived, sent] of [[owner, fromMaster], [master.owner, fromSlave]] as const) {
      expect(arrived.events.map(([, n]) => n), 'events, once each and in order').to.deep.equal(numbers(sent.events))
      expect(arrived.requests, 'requests, once each and in order').to.deep.equal(numbers(sent.requests))
      expect(sent.answers, 'answers').to.deep.equal(numbers(sent.requests))
    }
    expect(master.registrations, 'the first session went on').to.equal(1)
    report(`${proxy.cuts} cuts; ${fromSlave.requests + fromMaster.requests} requests and ${fromSlave.events + fromMaster.events} events both ways: 0 lost, 0 doubled, 0 out of order`)
  })
})

interface Talked {
  requests: number
  events: number
  readonly answers: number[]
  readonly failures: string[]
}

/** Sends bursts of numbered requests and events, whatever the connection does. */
async function talk(link: Link, isSending: () => boolean): Promise<Talked> {
  const talked: Talked = { requests: 0, events: 0, answers: [], failures: [] }
  const pending: Array<Promise<unknown>> = []
  while (isSending()) {
    for (let i = 0; i < burst; i++) {
      link.emit(note, { n: talked.events++ })
      pending.push(link.send(echo, { n: talked.requests++ }, { deadlineMs: 60_000 }).then(({ n }) => talked.answers.push(n), (error: unknown) => talked.failures.push(String(error))))
    }
    await delay(Math.random() * 6)
    if (pending.length > 500) await Promise.all(pending.splice(0))
  }
  await Promise.all(pending)
  return talked
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n)
}
