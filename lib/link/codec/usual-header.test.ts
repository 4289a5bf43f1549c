import { expect } from 'chai'
import fc from 'fast-check'
import { partsOfName, readUsualHeader } from './usual-header.ts'

const read = (header: string): object | undefined => readUsualHeader(`${header}\n{}`, header.length)

describe('readUsualHeader', () => {
  it('reads a name and up to three numbers', () => {
    expect(read('{"type":"ack"}')).to.deep.equal({ type: 'ack' })
    expect(read('{"type":"a_request","seq":1,"to":22}')).to.deep.equal({ type: 'a_request', seq: 1, to: 22 })
    expect(read('{"type":"a_response","seq":999999999999999,"reply_to":3}')).to.deep.equal({ type: 'a_response', seq: 999_999_999_999_999, reply_to: 3 })
  })

  it('leaves every other header to the JSON parser', () => {
    const others = [
      '', '{}', '{"type":""}', '{"type":"a"', '{"type":"a"} ', '{"type":"a"}}', '{"type":"\\u0061"}', '{"type":"a b"}', '{"type":"é"}', '{ "type":"a"}',
      '{"type":"a","seq":0}', '{"type":"a","seq":01}', '{"type":"a","seq":-1}', '{"type":"a","seq":1.5}', '{"type":"a","seq":1e3}', '{"type":"a","seq":}',
      '{"type":"a","seq":1000000000000000}', '{"type":"a","seq":"1"}', '{"type":"a","to":1,"seq":1}', '{"type":"a","seq":1,"seq":2}', '{"type":"a","key":"k"}',
      '{"type":"a","seq":1,"type":"b"}', '{"type":"a","ack":1}',
    ]
    for (const header of others) expect(read(header), header).to.equal(undefined)
  })

  it('looks no further than the header', () => {
    expect(readUsualHeader('{"type":"a\n"}', 10)).to.equal(undefined)
    expect(readUsualHeader('{"type":"a","seq":1\n}', 19)).to.equal(undefined)
  })

  it('reads what JSON.parse reads, or nothing, however a header is changed', () => {
    const header = fc.record({ type: fc.constantFrom('a_request', 'b:c.d-e_event', 'ack'), seq: fc.nat(), to: fc.nat(), reply_to: fc.nat() }, { requiredKeys: ['type'] })
      .map((value) => JSON.stringify(value))
    const change = fc.record({ at: fc.nat(80), remove: fc.nat(3), insert: fc.string({ unit: fc.constantFrom(...'{}",:019-.e \\ntypesqo'.split('')), maxLength: 3 }) })
    fc.assert(fc.property(header, change, (text, { at, remove, insert }) => {
      const changed = text.slice(0, at) + insert + text.slice(at + remove)
      const result = changed.includes('\n') ? undefined : read(changed)
      if (result) expect(result).to.deep.equal(JSON.parse(changed))
    }), { numRuns: 5_000 })
  })

  it('knows the parts of names, also of more than it remembers', () => {
    for (let index = 0; index < 2_000; index += 1) {
      const type = `t${index}_event`
      expect(read(`{"type":"${type}"}`)).to.deep.equal({ type })
      expect(partsOfName(type)).to.deep.equal({ kind: 'event', type: `t${index}` })
    }
    expect(partsOfName('ack')).to.equal(undefined)
  })
})
