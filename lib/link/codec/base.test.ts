import { Type } from '@sinclair/typebox'
import { expect } from 'chai'
import { echo, testRegistry } from '../../../test/helpers/link-fixtures.ts'
import { ClusterError } from '../../errors/cluster-error.ts'
import { defineRequest } from '../define.ts'
import { LinkFault } from '../fault.ts'
import { asItIs } from '../messages/projections.ts'
import { Payload } from '../payload.ts'
import { Registry } from '../registry.ts'
import { BaseCodec, decodeEnvelope, encodeEnvelope } from './base.ts'

const master = new BaseCodec(testRegistry(), 'master', 'control')
const control = new BaseCodec(testRegistry(), 'control', 'master')

function fault(call: () => unknown): string {
  try {
    call()
  } catch (error) {
    if (error instanceof LinkFault) return error.reason
    throw error
  }
  throw new Error('It was accepted')
}

describe('The envelope of the base dialect', () => {
  it('is exactly seq, type and data, in this order', () => {
    expect(encodeEnvelope(3, 'ready', {})).to.equal('{"seq":3,"type":"ready","data":{}}')
    expect(decodeEnvelope('{"data":{"a":1},"type":"x","seq":1}')).to.deep.equal({ seq: 1, type: 'x', data: { a: 1 } })
  })

  it('takes the last of duplicate keys, as every reader of JSON does', () => {
    expect(decodeEnvelope('{"seq":1,"type":"a","type":"b","data":{}}')).to.include({ type: 'b' })
  })

  it('is malformed in every other form', () => {
    const frames = [
      '', 'x', 'null', '[]', '7', '"text"', '{}', '{"seq":1,"type":"x"}', '{"seq":1,"data":{}}', '{"type":"x","data":{}}',
      '{"seq":"1","type":"x","data":{}}', '{"seq":1.5,"type":"x","data":{}}', '{"seq":1e300,"type":"x","data":{}}', '{"seq":null,"type":"x","data":{}}',
      '{"seq":1,"type":1,"data":{}}', '{"seq":1,"type":"x","data":[]}', '{"seq":1,"type":"x","data":null}', '{"seq":1,"type":"x","data":"{}"}',
      '{"seq":1,"type":"x","data":{},"more":1}', '{"seq":1,"type":"x","data":{},"__proto__":{}}', '{"seq":1,"type":"x","data":{}}x',
      `{"seq":1,"type":"x","data":${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}}`,
    ]
    for (const frame of frames) expect(fault(() => decodeEnvelope(frame)), frame.slice(0, 80)).to.equal('Invalid message: Malformed')
  })
})

describe('BaseCodec', () => {
  it('shows only what the definition shows', () => {
    expect(control.encode({ kind: 'request', type: 'echo', key: 'k', to: 3, data: Payload.ofValue({ n: 1, extra: 'x' }) })).to.deep.equal([{ n: 1 }])
    expect(master.encode({ kind: 'response', type: 'echo', replyTo: 5, outcome: { data: Payload.ofValue({ n: 1, extra: 'x' }) } })).to.deep.equal([{ seq: 5, n: 1 }])
    expect(master.encode({ kind: 'event', type: 'note', data: Payload.ofText('{"n":2}') })).to.deep.equal([{ n: 2 }])
  })

  it('shows nothing of messages without a base side or on other routes', () => {
    expect(control.encode({ kind: 'request', type: 'hidden', data: Payload.ofValue({ n: 1 }) })).to.equal(undefined)
    expect(control.encode({ kind: 'event', type: 'note', data: Payload.ofValue({ n: 1 }) })).to.equal(undefined)
  })

  it('tells an error as exactly seq and error', () => {
    const error = { code: 'not_found', message: 'Instance with ID 7 does not exist', details: { id: 7 } }
    expect(master.encode({ kind: 'response', type: 'echo', replyTo: 5, outcome: { error } })).to.deep.equal([{ seq: 5, error: error.message }])
  })

  it('reads requests and both kinds of responses', () => {
    const request = master.decode({ seq: 9, type: 'echo_request', data: { n: 1 } })
    expect(request).to.include({ kind: 'request', type: 'echo' })
    expect(request.kind === 'request' && request.data.value).to.deep.equal({ n: 1 })
    const answer = control.decode({ seq: 9, type: 'echo_response', data: { seq: 4, n: 1 } })
    expect(answer).to.include({ kind: 'response', replyTo: 4 })
    expect(control.decode({ seq: 9, type: 'echo_response', data: { seq: 4, error: 'No' } }))
      .to.deep.equal({ kind: 'response', type: 'echo', replyTo: 4, outcome: { error: { code: 'peer_refused', message: 'No' } } })
  })

  it('knows the errors of the protocol by their texts', () => {
    const texts = {
      'Instance with ID -7 does not exist': 'not_found', 'Slave with ID 7 does not exist': 'not_found',
      'Instance is not assigned to a slave': 'unassigned', 'Slave containing instance is not connected': 'slave_not_connected',
      'Instance with ID x does not exist': 'peer_refused', '': 'peer_refused',
    }
    for (const [error, code] of Object.entries(texts)) {
      expect(control.decode({ seq: 9, type: 'echo_response', data: { seq: 4, error } })).to.deep.include({ outcome: { error: { code, message: error } } })
    }
  })

  it('puts nothing on the wire that does not fit, or that names another than whom it was passed on to', () => {
    const routed = defineRequest({
      type: 'routed', summary: 'For one instance.', routes: ['control-master'], permission: 'none', forward: 'instance_id',
      request: Type.Object({ instance_id: Type.Integer() }), response: Type.Object({}),
      base: { request: asItIs(Type.Object({ instance_id: Type.Integer() })), response: asItIs(Type.Object({})) },
    })
    const codec = new BaseCodec(new Registry([routed]), 'control', 'master')
    const encode = (text: string): unknown => codec.encode({ kind: 'request', type: 'routed', to: 1, data: Payload.ofText(text) })
    expect(encode('{"instance_id":1,"more":2}')).to.deep.equal([{ instance_id: 1 }])
    for (const text of ['{"instance_id":2}', '{"instance_id":"1"}', '{}', '{']) expect(() => encode(text), text).to.throw(ClusterError)
  })

  it('has a message only on the ways that it travels in this dialect', () => {
    const numbered = asItIs(Type.Object({ n: Type.Integer() }))
    const narrow = { ...echo, base: { routes: ['slave-master'] as const, request: numbered, response: numbered } }
    const registry = new Registry([narrow])
    const [slave, control] = [new BaseCodec(registry, 'master', 'slave'), new BaseCodec(registry, 'master', 'control')]
    expect([slave.carries(narrow), control.carries(narrow)]).to.deep.equal([true, false])
    expect(fault(() => control.decode({ seq: 1, type: 'echo_request', data: { n: 1 } }))).to.match(/No validator/)
    expect(slave.encode({ kind: 'request', type: 'echo', data: Payload.ofValue({ n: 1 }) })).to.equal(undefined)
  })

  it('lets events of unknown plugins pass between master and slave, to be counted, and nobody else\'s', () => {
    const slave = new BaseCodec(testRegistry(), 'master', 'slave')
    expect(slave.decode({ seq: 1, type: 'research:progress_event', data: { more: 1 } })).to.include({ kind: 'event', type: 'research:progress' })
    expect(fault(() => slave.decode({ seq: 1, type: 'progress_event', data: {} }))).to.equal('Invalid message: No validator for progress_event on master-slave')
    expect(fault(() => slave.decode({ seq: 1, type: 'research:sync_request', data: {} }))).to.match(/No validator/)
    expect(fault(() => master.decode({ seq: 1, type: 'research:progress_event', data: {} }))).to.match(/No validator/)
  })

  it('finds no validator for what is unknown, hidden or goes the other way', () => {
    for (const type of ['nonsense', 'x_request', 'hidden_request', 'note_event', 'echo_event', 'echo_response', '_request', '__proto___request', 'hello']) {
      expect(fault(() => master.decode({ seq: 1, type, data: {} }))).to.equal(`Invalid message: No validator for ${type} on master-control`)
    }
  })

  it('refuses data that does not fit', () => {
    for (const data of [{}, { n: 'x' }, { n: 1, extra: 'x' }, JSON.parse('{"n":1,"__proto__":{}}') as Record<string, unknown>]) {
      expect(fault(() => master.decode({ seq: 1, type: 'echo_request', data }))).to.equal('Invalid message: Validation failed for echo_request')
    }
    for (const data of [{ n: 1 }, { seq: 'x', n: 1 }, { seq: 1 }, { seq: 1, n: 1, error: 'both' }, { seq: 1, error: 5 }]) {
      expect(fault(() => control.decode({ seq: 1, type: 'echo_response', data }))).to.equal('Invalid message: Validation failed for echo_response')
    }
  })

  it('reads the routing id from the data', () => {
    const registry = testRegistry()
    registry.add({ ...echo, type: 'aimed', forward: 'instance_id', base: { request: { schema: {} as never, encode: () => ({}), decode: (data) => data }, response: { schema: {} as never, encode: () => ({}), decode: (data) => data } } })
    expect(new BaseCodec(registry, 'master', 'control').decode({ seq: 1, type: 'aimed_request', data: { instance_id: 12 } })).to.include({ to: 12 })
  })
})
