import { expect } from 'chai'
import { ClusterError } from '../errors/cluster-error.ts'
import { Payload } from './payload.ts'

describe('Payload', () => {
  it('passes text on as it came, even where it is not JSON', () => {
    for (const text of ['{ "a" : 1 }', '{', '']) expect(Payload.ofText(text).text).to.equal(text)
  })

  it('parses once, and only when its value is asked for', () => {
    const payload = Payload.ofText('{"a":1}')
    expect(payload.value).to.deep.equal({ a: 1 })
    expect(payload.value).to.equal(payload.value)
  })

  it('becomes text once', () => {
    let encoded = 0
    const payload = Payload.ofValue({ toJSON: () => ({ encoded: ++encoded }) })
    expect([payload.text, payload.text]).to.deep.equal(['{"encoded":1}', '{"encoded":1}'])
  })

  it('refuses text that is not JSON or too deep when its value is asked for', () => {
    for (const text of ['{', '', 'undefined', '['.repeat(5_000) + ']'.repeat(5_000)]) {
      expect(() => Payload.ofText(text).value).to.throw(ClusterError).with.property('code', 'malformed')
    }
  })

  it('refuses a value that JSON has no text for', () => {
    expect(() => Payload.ofValue(undefined).text).to.throw(TypeError)
  })
})
