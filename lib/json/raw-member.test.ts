import { expect } from 'chai'
import fc from 'fast-check'
import { rawMember } from './raw-member.ts'

const space = fc.constantFrom('', ' ', '\n', '\t\r\n ', '  ')

const wildKey = fc.oneof(
  fc.constantFrom('"data"', '"d\\u0061ta"', '"\\u0064ata"', '"dat\\u0061"', '"data\\u0000"', '"Data"', '"__proto__"', '"type"', '"\\"data"', '"data\\\\"', '""'),
  fc.string().map((text) => JSON.stringify(text)),
)

/** A JSON text of a value, spaced and spelled in ways that JSON.stringify does not use. */
const wildText: fc.Arbitrary<string> = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom('null', 'true', 'false', '1.50', '-0', '1E+05', '12345678901234567890', '""', '"\\u0041\\/"', '"\\\\"', '"\\""', '"]}"', '"data"', '[]', '{ }'),
    fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)),
    fc.tuple(fc.array(tie('value')), space).map(([items, gap]) => `[${gap}${items.join(`${gap},`)}${gap}]`),
    fc.tuple(fc.array(fc.tuple(wildKey, tie('value'))), space).map(([members, gap]) => `{${gap}${members.map(([key, value]) => `${key}${gap}:${gap}${value}`).join(`,${gap}`)}${gap}}`),
  ),
})).value

describe('rawMember', () => {
  it('cuts out what JSON.parse finds, for any members, duplicates, spellings and spaces', () => {
    fc.assert(fc.property(fc.array(fc.tuple(wildKey, wildText)), space, (members, gap) => {
      const text = `${gap}{${gap}${members.map(([key, value]) => `${gap}${key}${gap}:${gap}${value}${gap}`).join(',')}}${gap}`
      const parsed = JSON.parse(text) as Record<string, unknown>
      const found = rawMember(text, 'data')
      if (!Object.hasOwn(parsed, 'data')) return found === undefined
      const last = members.findLast(([key]) => JSON.parse(key) === 'data')
      expect(found).to.equal(last?.[1])
      expect(JSON.stringify(JSON.parse(found ?? ''))).to.equal(JSON.stringify(parsed.data))
      return true
    }), { numRuns: 2_000 })
  })

  it('agrees with JSON.parse on every mutation of a text that is still JSON', () => {
    const seed = '{"type":"MESSAGE","data":{"a":[1.50,"x\\"}"],"data":2},"d\\u0061ta" : -1e5 ,"target":{"type":"ALL","data":"]"}}'
    fc.assert(fc.property(fc.array(fc.tuple(fc.nat(seed.length), fc.nat(3), fc.constantFrom('', '"', '{', '}', ',', ':', '\\', '[', ']', ' ', 'data', '"data":0,')), { maxLength: 4 }), (edits) => {
      let text = seed
      for (const [at, drop, insert] of edits) text = text.slice(0, at) + insert + text.slice(at + drop)
      let parsed: unknown
      try {
        parsed = JSON.parse(text)
      } catch {
        return
      }
      if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return
      const found = rawMember(text, 'data')
      if (!('data' in parsed)) expect(found, text).to.equal(undefined)
      else expect(JSON.stringify(JSON.parse(found ?? '')), text).to.equal(JSON.stringify(parsed.data))
    }), { numRuns: 20_000 })
  })

  it('gives nothing where there is no such member at the top', () => {
    for (const text of ['{}', ' { } ', '{"x":{"data":1}}', '{"x":"data","y":["data"]}', '{"data ":1}']) expect(rawMember(text, 'data'), text).to.equal(undefined)
  })
})
