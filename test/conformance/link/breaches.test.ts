import { expect } from 'chai'
import { eventually } from '../../helpers/eventually.ts'
import { failureOf } from '../../helpers/failure-of.ts'
import { channelSettings, echo } from '../../helpers/link-fixtures.ts'
import type { ClusterError } from '../../../lib/errors/cluster-error.ts'
import { Stub } from './stub.ts'
import { close } from './wire.ts'

describe('Faults and goodbyes in the base dialect', () => {
  const stub = Stub.forSuite()

  describe('faults', () => {
    it('"Malformed" for whatever is not the envelope', async () => {
      const frames = [
        '', '{', 'null', '[]', '7', '{}', '{"seq":2,"type":"echo_request"}', '{"seq":2,"data":{}}', '{"type":"echo_request","data":{"n":1}}',
        '{"seq":"2","type":"echo_request","data":{"n":1}}', '{"seq":2.5,"type":"echo_request","data":{"n":1}}', '{"seq":2,"type":7,"data":{}}',
        '{"seq":2,"type":"echo_request","data":[]}', '{"seq":2,"type":"echo_request","data":null}', '{"seq":2,"type":"echo_request","data":{"n":1},"more":1}',
        '{"seq":2,"type":"echo_request","data":{"n":1},"__proto__":{}}', `{"seq":2,"type":"echo_request","data":${'{"n":'.repeat(5_000)}1${'}'.repeat(5_000)}}`,
        `{"seq":2,"type":"echo_request","data":{"n":${'['.repeat(100)}${']'.repeat(100)}}}`, '{"type":"echo_request"}\n{"n":1}',
      ]
      for (const frame of frames) expect(await stub.faultOf(frame), frame.slice(0, 100)).to.deep.equal([close(3, 'Invalid message: Malformed')])
      expect(await stub.faultOf(Buffer.from([0xff, 0xfe, 0x00]))).to.deep.equal([close(3, 'Invalid message: Malformed')])
    })

    it('"No validator" for a type that is unknown, goes the other way, or is not in this dialect', async () => {
      for (const type of ['nonsense', 'nonsense_request', 'hidden_request', 'note_event', 'echo_event', 'echo_response', 'ready', 'register_control', 'heartbeat', '__proto__', 'toString_request', '']) {
        const frame = JSON.stringify({ seq: 2, type, data: {} })
        expect(await stub.faultOf(frame), type).to.deep.equal([close(3, `Invalid message: No validator for ${type} on master-control`)])
      }
    })

    it('names the link from its own end', async () => {
      const one = await stub.slave()
      one.say('{"seq":2,"type":"nonsense","data":{}}')
      expect(await one.last()).to.deep.equal([close(3, 'Invalid message: No validator for nonsense on master-slave')])
    })

    it('"Validation failed" for data that does not fit', async () => {
      for (const data of ['{}', '{"n":"1"}', '{"n":1.5}', '{"n":1,"extra":"x"}', '{"n":1,"__proto__":{"admin":true}}', '{"n":null}']) {
        expect(await stub.faultOf(`{"seq":2,"type":"echo_request","data":${data}}`), data).to.deep.equal([close(3, 'Invalid message: Validation failed for echo_request')])
      }
    })

    it('"Unhandled message" for an answer to nothing', async () => {
      const one = await stub.slave()
      one.say('{"seq":2,"type":"echo_response","data":{"seq":9,"n":1}}')
      expect(await one.last()).to.deep.equal([close(3, 'Invalid message: Unhandled message echo_response')])
      expect(one.closed).to.deep.equal({ code: 4000, reason: 'Invalid message: Unhandled message echo_response' })
    })

    it('goes by the last of duplicate keys in everything', async () => {
      const one = await stub.control()
      one.say('{"seq":2,"type":"hidden_request","data":{"n":1},"type":"echo_request","data":{"n":2}}')
      expect(await one.hear()).to.equal('{"seq":3,"type":"echo_response","data":{"seq":2,"n":2}}')
    })

    it('costs nobody else anything, and what was open with the faulty peer fails', async () => {
      const good = await stub.control()
      const bad = await stub.slave()
      const pending = failureOf(stub.master.link.send(echo, { n: 1 }))
      bad.say('{')
      expect(await pending).to.include({ code: 'link_closed' })
      good.say('{"seq":2,"type":"echo_request","data":{"n":1}}')
      expect(await good.hear()).to.equal('{"seq":3,"type":"echo_response","data":{"seq":2,"n":1}}')
    })

    it('says nothing after the close, however many faults follow', async () => {
      const one = await stub.control()
      for (let count = 0; count < 50; count += 1) one.say('{')
      one.say('{"seq":2,"type":"echo_request","data":{"n":1}}')
      expect(await one.last()).to.deep.equal([close(3, 'Invalid message: Malformed')])
      expect(stub.master.owner.requests).to.deep.equal([])
    })
  })

  describe('closing', () => {
    it('tells the peer why before it ends the connection', async () => {
      const one = await stub.control()
      stub.master.close()
      expect(await one.last()).to.deep.equal([close(3, 'shutdown')])
      expect(one.closed).to.deep.equal({ code: 1000, reason: 'shutdown' })
    })

    it('ends the connection of a peer that says goodbye, with nothing to add', async () => {
      const one = await stub.control()
      one.say('{"seq":2,"type":"close","data":{"reason":"quit"}}')
      expect(await one.last()).to.deep.equal([])
      await eventually(() => expect(stub.master.owner.ends).to.deep.equal(['quit']))
    })

    it('notices a peer that goes without a word', async () => {
      const one = await stub.slave()
      const pending = failureOf(stub.master.link.send(echo, { n: 1 }))
      one.ws.terminate()
      expect(await pending).to.include({ code: 'link_closed' })
      expect(stub.master.owner.ends).to.deep.equal(['connection lost'])
    })

    it('finds a peer dead that does not answer pings, and keeps one that does', async () => {
      const watchful = await stub.masterWith({ settings: channelSettings({ heartbeatMs: 10, heartbeatTimeoutMs: 100 }) })
      const alive = await stub.control(watchful)
      const dead = await stub.control(watchful, { autoPong: false })
      expect(await dead.last()).to.deep.equal([])
      expect(dead.closed?.code).to.equal(1006)
      alive.say('{"seq":2,"type":"echo_request","data":{"n":1}}')
      expect(await alive.hear()).to.equal('{"seq":3,"type":"echo_response","data":{"seq":2,"n":1}}')
    })

    it('lets go of a peer that does not read', async () => {
      const narrow = await stub.masterWith({ settings: channelSettings({ sendBufferBytes: 100_000 }), maxRequestsInFlight: 100_000 })
      const one = await stub.slave(narrow)
      one.ws.pause()
      const { link } = narrow
      const failures: Promise<ClusterError>[] = []
      for (let count = 0; count < 200_000 && link.isOpen; count += 1) {
        failures.push(failureOf(link.send(echo, { n: count })))
        if (count % 1_000 === 0) await new Promise(setImmediate)
      }
      for (const failure of await Promise.all(failures)) expect(failure.code).to.equal('link_closed')
      expect(narrow.owner.ends).to.deep.equal(['The peer does not read: its send buffer is full'])
    }).timeout(60_000)
  })
})
