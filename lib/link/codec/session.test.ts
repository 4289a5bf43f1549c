import { expect } from 'chai'
import { ClusterError } from '../../errors/cluster-error.ts'
import { LinkFault } from '../fault.ts'
import type { Message } from '../message.ts'
import { Payload } from '../payload.ts'
import { decodeFrame, encodeFrame, encodeMessage, messageOf } from './session.ts'

describe('The frame of the session dialect', () => {
  it('is a header and data, each a JSON text, on two lines', () => {
    const message: Message = { kind: 'request', type: 'echo', to: 4, key: 'k', data: Payload.ofValue({ text: 'a\nb' }) }
    expect(encodeMessage(message, 7)).to.equal('{"type":"echo_request","seq":7,"to":4,"key":"k"}\n{"text":"a\\nb"}')
    expect(encodeFrame({ type: 'heartbeat' })).to.equal('{"type":"heartbeat"}\n{}')
  })

  it('carries every kind of message there and back', () => {
    const messages: Message[] = [
      { kind: 'request', type: 'a', to: undefined, key: 'k', data: Payload.ofValue({ n: 1 }) },
      { kind: 'event', type: 'b', to: 3, data: Payload.ofValue([]) },
      { kind: 'response', type: 'c', replyTo: 2, outcome: { error: { code: 'conflict', message: 'No', details: { a: [1] } } } },
    ]
    for (const message of messages) {
      const again = messageOf(decodeFrame(encodeMessage(message, 1)))
      expect(again).to.deep.include({ kind: message.kind, type: message.type })
      if (message.kind !== 'response' && again?.kind !== 'response') expect(again?.data.value).to.deep.equal(message.data.value)
      else expect(again).to.deep.equal(message)
    }
  })

  it('writes a header as JSON.stringify does, whatever the name', () => {
    for (const type of ['echo', 'plugin:echo', 'a"b', 'ü\n', '__proto__']) {
      const request: Message = { kind: 'request', type, to: 4, key: '"', data: Payload.ofValue({}) }
      expect(encodeMessage(request, 7)).to.equal(`${JSON.stringify({ type: `${type}_request`, seq: 7, to: 4, key: '"' })}\n{}`)
      const event: Message = { kind: 'event', type, data: Payload.ofValue({}) }
      expect(encodeMessage(event)).to.equal(`${JSON.stringify({ type: `${type}_event` })}\n{}`)
      const response: Message = { kind: 'response', type, replyTo: 3, outcome: { data: Payload.ofValue({}) } }
      expect(encodeMessage(response, 7)).to.equal(`${JSON.stringify({ type: `${type}_response`, seq: 7, reply_to: 3 })}\n{}`)
    }
  })

  it('reads a header of the usual form as it reads any other', () => {
    for (const text of [
      '{"type":"a_event"}', '{"type":"p:a_request","seq":1,"to":2}', '{"type":"a_response","seq":999999999999999,"reply_to":1}', '{"type":"a","to":7}',
    ]) {
      expect(decodeFrame(`${text}\n{}`).header).to.deep.equal(JSON.parse(text))
      expect(decodeFrame(`${text.replace('{', '{ ')}\n{}`).header).to.deep.equal(JSON.parse(text))
    }
    for (const text of ['{"type":"a","seq":01}', '{"type":"a","seq":9999999999999999}', '{"type":"a","to":-}', '{"type":"a",}', '{"type":"a"}}']) {
      expect(() => decodeFrame(`${text}\n{}`), text).to.throw(LinkFault)
    }
  })

  it('passes data on unread, duplicate keys and all', () => {
    const { header, data } = decodeFrame('{"type":"echo_request","seq":1}\n{"n":1},"type":"admin_request"}')
    expect(header.type).to.equal('echo_request')
    expect(data.text).to.equal('{"n":1},"type":"admin_request"}')
    expect(() => data.value).to.throw(ClusterError).with.property('code', 'malformed')
  })

  it('is malformed where its header is', () => {
    const headers = [
      '', '{', '[]', 'null', '{}', '{"type":1}', '{"type":"x","seq":"1"}', '{"type":"x","seq":1.5}', '{"type":"x","ack":null}', '{"type":"x","to":1e99}',
      '{"type":"x","reply_to":[]}', '{"type":"x","key":5}', `{"type":"x","key":"${'k'.repeat(129)}"}`, '{"type":"x","error":"no"}', '{"type":"x","error":null}',
      '{"type":"x","error":{"code":"a"}}', '{"type":"x","error":{"code":"a","message":1}}', '{"type":"x","error":{"code":"a","message":"b","details":"c"}}',
      '{"type":"x","error":{"code":"a","message":"b","details":[]}}', '{"type":"x","error":{"code":"a","message":"b","details":null}}',
      `{"type":"${'x'.repeat(70_000)}"}`, `{"type":"x","error":${'['.repeat(5_000)}${']'.repeat(5_000)}}`, '{"__proto__":{"type":"x"}}',
    ]
    for (const header of headers) {
      expect(() => decodeFrame(`${header}\n{}`), header.slice(0, 80)).to.throw(LinkFault, 'Invalid message: Malformed')
    }
  })

  it('shortens an error that would not fit a header', () => {
    const error = { code: 'start_failed', message: '\u0001'.repeat(100_000), details: { log: 'x'.repeat(100_000) } }
    const { header } = decodeFrame(encodeMessage({ kind: 'response', type: 'a', replyTo: 1, outcome: { error } }, 1))
    expect(header.error?.message).to.have.length.within(8_000, 9_000)
    expect(header.error).not.to.have.property('details')
  })

  it('is no message without what its kind needs', () => {
    for (const type of ['hello', 'ack', 'echo_response', 'echo_request']) expect(messageOf({ header: { type }, data: Payload.ofValue({}) })).to.equal(undefined)
  })
})
