import { expect } from 'chai'
import { Cleanups } from '../../test/helpers/cleanups.ts'
import { eventually } from '../../test/helpers/eventually.ts'
import { failureOf } from '../../test/helpers/failure-of.ts'
import { channelSettings, echo, hidden, note, pulse, RecordingObserver, slaveRegistration, testRegistry } from '../../test/helpers/link-fixtures.ts'
import { RecordingOwner, TestMaster } from '../../test/helpers/test-master.ts'
import type { TestMasterOptions } from '../../test/helpers/test-master.ts'
import { ClusterError } from '../errors/cluster-error.ts'
import { encodeEnvelope } from './codec/base.ts'
import { Connection } from './connection.ts'
import { greetMaster } from './handshake/connect.ts'
import { Link } from './link.ts'
import type { LinkOwner } from './link.ts'
import type { RequestMessage } from './message.ts'
import { Payload } from './payload.ts'
import { Registry } from './registry.ts'
import { memoryTransportPair } from './transport/memory.ts'

for (const dialect of ['base', 'session'] as const) {
  describe(`A link in the ${dialect} dialect`, () => {
    const cleanups = new Cleanups()
    afterEach(() => cleanups.run())

    /** A slave and its master within this process. */
    async function connect(options: TestMasterOptions = {}, owner: LinkOwner = new RecordingOwner()) {
      const [ours, theirs] = memoryTransportPair()
      const master = new TestMaster(options)
      const accepted = master.accept(theirs, dialect)
      const settings = channelSettings()
      const { channel } = await greetMaster(new Connection(ours), { dialect, registry: testRegistry(), settings, handshakeDeadlineMs: 5_000, registration: slaveRegistration })
      const observer = new RecordingObserver()
      const slave = new Link(channel, { self: 'slave', peer: 'master', registry: testRegistry(), owner, observer })
      await accepted
      cleanups.add(() => { slave.close('quit'); master.close() })
      return { master, slave, ours, theirs, observer }
    }

    /** An owner whose answers the test gives, in the order it wants. */
    function manualOwner() {
      const open: Array<{ request: RequestMessage; resolve(data: unknown): void; reject(error: unknown): void }> = []
      const owner: LinkOwner = {
        answer: (_definition, request) => new Promise((resolve, reject) => { open.push({ request, resolve, reject }) }),
        accept: () => {},
      }
      return { open, owner }
    }

    it('answers requests in both directions at once', async () => {
      const { master, slave } = await connect()
      const answers = await Promise.all([slave.send(echo, { n: 1 }), master.link.send(echo, { n: 2 }), slave.send(echo, { n: 3 }), master.link.send(echo, { n: 4 })])
      expect(answers).to.deep.equal([{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }])
      expect(master.observer.answers).to.deep.equal([['echo', 'ok'], ['echo', 'ok']])
    })

    it('gives each request its own answer, in whatever order they come', async () => {
      const { open, owner } = manualOwner()
      const { slave } = await connect({ owner })
      const answers = Promise.all(Array.from({ length: 10 }, (_, n) => slave.send(echo, { n })))
      await eventually(() => expect(open).to.have.length(10))
      for (const { request, resolve } of open.toReversed()) resolve(request.data.value)
      expect(await answers).to.deep.equal(Array.from({ length: 10 }, (_, n) => ({ n })))
    })

    it('fails a request at its deadline and ignores the late answer', async () => {
      const { open, owner } = manualOwner()
      const { slave, master } = await connect({ owner })
      const failure = await failureOf(slave.send(echo, { n: 1 }, { deadlineMs: 10 }))
      expect(failure).to.include({ code: 'deadline', message: 'The master did not answer echo within 10 ms; it may still happen' })
      open[0]?.resolve({ n: 1 })
      const next = slave.send(echo, { n: 2 })
      await eventually(() => expect(open).to.have.length(2))
      open[1]?.resolve({ n: 2 })
      expect(await next).to.deep.equal({ n: 2 })
      expect(master.link.isOpen).to.equal(true)
    })

    it('takes a deadline of any length', async () => {
      const { slave } = await connect()
      expect(await slave.send(echo, { n: 1 }, { deadlineMs: 2 ** 40 })).to.deep.equal({ n: 1 })
    })

    it('rejects what is pending when the peer ends the link, and what is sent afterwards', async () => {
      const owner = new RecordingOwner()
      const { master, slave } = await connect({ owner: manualOwner().owner }, owner)
      const pending = [failureOf(slave.send(echo, { n: 1 })), failureOf(slave.send(echo, { n: 2 }))]
      master.link.close('shutdown')
      for (const failure of await Promise.all(pending)) expect(failure).to.include({ code: 'link_closed' })
      expect(await failureOf(slave.send(echo, { n: 3 }))).to.include({ code: 'link_closed' })
      expect(owner.ends).to.deep.equal(['shutdown'])
      expect(slave).to.include({ isOpen: false, isConnected: false })
    })

    it('settles requests that are sent while the link is ending', async () => {
      const { slave } = await connect({ owner: manualOwner().owner })
      slave.close('quit')
      const failures = await Promise.all([failureOf(slave.send(echo, { n: 1 })), failureOf(slave.send(echo, { n: 2 }))])
      for (const failure of failures) expect(failure).to.include({ code: 'link_closed' })
      slave.emit(note, { n: 1 })
    })

    it('sends no answer after it was closed', async () => {
      const { open, owner } = manualOwner()
      const { slave, master } = await connect({}, owner)
      const failure = failureOf(master.link.send(echo, { n: 1 }))
      await eventually(() => expect(open).to.have.length(1))
      slave.close('quit')
      open[0]?.resolve({ n: 1 })
      expect(await failure).to.include({ code: 'link_closed' })
      expect(master.refusals).to.deep.equal([])
    })

    it('refuses more requests than may be open at once, and goes on when they are answered', async () => {
      const { open, owner } = manualOwner()
      const { slave } = await connect({ owner, maxRequestsInFlight: 2 })
      const answers = [slave.send(echo, { n: 1 }), slave.send(echo, { n: 2 })]
      const failure = await failureOf(slave.send(echo, { n: 3 }))
      expect(failure.message).to.include('More than 2 requests are open on this link')
      if (dialect === 'session') expect(failure).to.deep.include({ code: 'overloaded', details: { limit: 'limits.requests_in_flight' } })
      for (const { request, resolve } of open) resolve(request.data.value)
      await Promise.all(answers)
      const next = slave.send(echo, { n: 4 })
      await eventually(() => expect(open).to.have.length(3))
      open[2]?.resolve({ n: 4 })
      expect(await next).to.deep.equal({ n: 4 })
    })

    it('does not tell the peer what a handler threw, but tells its own log', async () => {
      const secret = new Error('password is hunter2')
      const { slave, master } = await connect({ owner: { answer: () => Promise.reject(secret), accept: () => {} } })
      const failure = await failureOf(slave.send(echo, { n: 1 }))
      expect(failure.code).to.equal(dialect === 'session' ? 'internal' : 'peer_refused')
      expect(JSON.stringify(failure.toWire())).not.to.include('hunter2')
      expect(master.observer.failures).to.deep.equal([['echo', secret]])
      expect(master.observer.answers).to.deep.equal([['echo', 'internal']])
    })

    it('reports a handler that throws at once like one that rejects', async () => {
      const { slave } = await connect({ owner: { answer: () => { throw new Error('at once') }, accept: () => {} } })
      expect((await failureOf(slave.send(echo, { n: 1 }))).message).to.match(/^Internal error/)
    })

    it('passes the text of an error on word for word', async () => {
      const error = new ClusterError('not_found', 'Instance with ID 7 does not exist', { details: { instance_id: 7 } })
      const { slave } = await connect({ owner: { answer: () => Promise.reject(error), accept: () => {} } })
      const failure = await failureOf(slave.send(echo, { n: 1 }))
      expect(failure.message).to.equal(error.message)
      if (dialect === 'session') expect(failure.toWire()).to.deep.equal(error.toWire())
    })

    it('answers with an error where the answer has no form on the wire, and goes on', async () => {
      const circular: Record<string, unknown> = {}
      circular.n = circular
      const bad: unknown[] = [undefined, { n: 1n }, circular, Payload.ofText('{')]
      const answers = [...bad]
      const { slave, master } = await connect({ owner: { answer: async () => (answers.length > 0 ? answers.shift() : { n: 5 }), accept: () => {} } })
      for (const _ of bad) expect((await failureOf(slave.send(echo, { n: 1 }))).code).to.be.oneOf(['internal', 'malformed', 'peer_refused'])
      expect(await slave.send(echo, { n: 5 })).to.deep.equal({ n: 5 })
      expect(master.observer.answers.at(-1)).to.deep.equal(['echo', 'ok'])
    })

    it('delivers events in order, volatile ones among them', async () => {
      const { slave, master } = await connect()
      slave.emit(note, { n: 1 })
      slave.emit(pulse, { n: 2 })
      slave.emit(note, { n: 3 })
      await slave.send(echo, { n: 0 })
      expect(master.owner.events).to.deep.equal([['note', 1], ['pulse', 2], ['note', 3]])
    })

    it('survives owners that throw, whatever they are told of', async () => {
      const broken: LinkOwner = {
        answer: async () => ({ n: 1 }),
        accept: () => { throw new Error('accept') },
        connected: () => { throw new Error('connected') },
        closed: () => { throw new Error('closed') },
      }
      const { slave, master } = await connect({ owner: broken })
      slave.emit(note, { n: 1 })
      expect(await slave.send(echo, { n: 1 })).to.deep.equal({ n: 1 })
      slave.close('quit')
      await eventually(() => expect(master.observer.failures.map(([what]) => what)).to.deep.equal(['note', 'closed']))
    })

    it('hears nothing before whoever made it is done', async () => {
      const [ours, theirs] = memoryTransportPair()
      const { owner } = new TestMaster()
      const master = new TestMaster({ owner: { answer: (definition, request) => owner.answer(definition, request), accept: (_definition, _event, link) => { seen.push(master.links.includes(link)) } } })
      const seen: boolean[] = []
      const accepted = master.accept(theirs, dialect)
      const { channel } = await greetMaster(new Connection(ours), { dialect, registry: testRegistry(), settings: channelSettings(), handshakeDeadlineMs: 5_000, registration: slaveRegistration })
      const slave = new Link(channel, { self: 'slave', peer: 'master', registry: testRegistry(), owner: new RecordingOwner() })
      cleanups.add(() => slave.close('quit'))
      slave.emit(note, { n: 1 })
      await accepted
      await eventually(() => expect(seen).to.deep.equal([true]))
    })

    it('refuses to send what does not travel its way', async () => {
      const { slave } = await connect()
      const oneWay = { ...echo, routes: ['control-master'] as const }
      expect(await failureOf(slave.relay(oneWay, { data: Payload.ofValue({}) }))).to.include({ code: 'unknown_type' })
    })

    it('refuses a key that is too long here, not at the peer', async () => {
      const { slave } = await connect()
      expect(await failureOf(slave.send(echo, { n: 1 }, { key: 'k'.repeat(129) }))).to.include({ code: 'invalid_request' })
      expect(await slave.send(echo, { n: 2 }, { key: 'k'.repeat(128) })).to.deep.equal({ n: 2 })
    })

    it('does not take an answer that does not fit', async () => {
      const { slave } = await connect({ owner: { answer: async () => ({ n: 'x' }), accept: () => {} } })
      // To a peer of the base dialect nothing is sent that it would end the connection for.
      if (dialect === 'base') expect(await failureOf(slave.send(echo, { n: 1 }))).to.include({ code: 'peer_refused', message: 'Answer to echo: "n" must be integer' })
      else expect(await failureOf(slave.send(echo, { n: 1 }))).to.deep.include({ code: 'malformed', message: 'Answer to echo: "n" must be integer' })
    })

    if (dialect === 'base') {
      it('has no requests that the dialect does not show', async () => {
        const { slave } = await connect()
        expect(await failureOf(slave.send(hidden, { n: 1 }))).to.include({ code: 'unknown_type' })
        expect(await slave.send(echo, { n: 1 })).to.deep.equal({ n: 1 })
      })

      it('counts a plugin\'s event that the dialect does not show as unknown, and gives it to nobody', async () => {
        const { master, slave, ours } = await connect({ registry: new Registry([echo, note, { ...pulse, type: 'demo:score', base: undefined }]) })
        ours.send(encodeEnvelope(2, 'demo:score_event', { n: 5, anything: 1 }))
        expect(await slave.send(echo, { n: 1 })).to.deep.equal({ n: 1 })
        expect(master.observer.unknown).to.deep.equal(['demo:score'])
        expect(master.owner.events).to.deep.equal([])
      })

      it('is not begun with a master whose `ready` says more than the dialect has', async () => {
        const [ours, theirs] = memoryTransportPair()
        const options = { dialect, registry: testRegistry(), settings: channelSettings(), handshakeDeadlineMs: 5_000, registration: slaveRegistration }
        const failure = failureOf(greetMaster(new Connection(ours), options))
        theirs.send(encodeEnvelope(1, 'hello', { version: '2.0.0' }))
        theirs.send(encodeEnvelope(2, 'ready', { more: 1 }))
        expect(await failure).to.include({ code: 'malformed' })
      })
    } else {
      it('answers an unknown request with an error and keeps the connection', async () => {
        const { slave, master } = await connect()
        const unknown = { ...echo, type: 'made_up' }
        expect(await failureOf(slave.relay(unknown, { data: Payload.ofValue({ n: 1 }) }))).to.include({ code: 'unknown_type' })
        expect(await failureOf(slave.relay(echo, { data: Payload.ofText('{"n":') }))).to.include({ code: 'malformed' })
        expect(await slave.send(hidden, { n: 1 })).to.deep.equal({ n: 1 })
        expect(master.observer.answers[0]).to.deep.equal(['unknown', 'unknown_type'])
      })

      it('carries a key and an error of any length', async () => {
        const error = new ClusterError('start_failed', 'x'.repeat(1_000_000), { details: { lines: 'y'.repeat(1_000_000) } })
        const { slave } = await connect({ owner: { answer: () => Promise.reject(error), accept: () => {} } })
        const failure = await failureOf(slave.send(echo, { n: 1 }))
        expect(failure.code).to.equal('start_failed')
        expect(slave.isOpen).to.equal(true)
      })
    }
  })
}
