import { expect } from 'chai'
import fc from 'fast-check'
import { readParts, stringIn } from './json-parts.ts'

describe('readParts', () => {
  it('cuts out known members and theirs as they stand, the last of each name, however it is spelled', () => {
    const key = fc.constantFrom('"payload"', '"p\\u0061yload"', '"data"', '"type"', '"other"', '"__proto__"')
    const members = fc.array(fc.tuple(key, fc.oneof(fc.jsonValue().map((value) => JSON.stringify(value, undefined, 1)), fc.array(fc.tuple(key, fc.constantFrom('1.0', '"\\/"', '[{"data":2}]', '{ }')))
      .map((inner) => `{${inner.map(([name, value]) => `${name} : ${value}`).join(' , ')}}`))))
    fc.assert(fc.property(members, (given) => {
      const text = ` {${given.map(([name, value]) => `${name}\n:\t${value}`).join(',')}} `
      const parts = readParts(text)
      for (const name of ['payload', 'data', 'type']) {
        const last = given.findLast(([spelled]) => JSON.parse(spelled) === name)?.[1]
        expect(parts?.get(name)?.text).to.equal(last)
        const value: unknown = JSON.parse(last ?? 'null')
        for (const inner of ['payload', 'data', 'type']) {
          const isThere = typeof value === 'object' && value !== null && !Array.isArray(value) && Object.hasOwn(value, inner)
          const found = parts?.get(name)?.members.get(inner)
          expect(found === undefined).to.equal(!isThere)
          if (found !== undefined) expect(JSON.parse(found)).to.deep.equal((value as Record<string, unknown>)[inner])
        }
      }
      expect(parts?.has('other')).to.equal(false)
    }))
  })

  it('gives nothing for what is no object, and refuses what is no JSON', () => {
    for (const text of ['[{"data":1}]', '"data"', 'null']) expect(readParts(text), text).to.equal(undefined)
    for (const text of ['', '{', '{"data":1}x']) expect(() => readParts(text), text).to.throw().with.property('code', 'malformed')
  })

  it('bears any depth', () => {
    const deep = `${'[{"a":'.repeat(500_000)}1${'}]'.repeat(500_000)}`
    expect(readParts(`{"payload":{"data":${deep}}}`)?.get('payload')?.members.get('data')).to.equal(deep)
  })
})

describe('stringIn', () => {
  it('gives the value of a string, and of nothing else', () => {
    expect(stringIn('"\\u0041"')).to.equal('A')
    for (const text of [undefined, '1', 'null', '["x"]', '{}']) expect(stringIn(text)).to.equal(undefined)
  })
})
