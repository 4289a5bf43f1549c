import { expect } from 'chai'
import fc from 'fast-check'
import { readParts, stringIn } from './json-parts.ts'

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function isTaken(text: string): boolean {
  try {
    readParts(text)
    return true
  } catch {
    return false
  }
}

describe('readParts', () => {
  it('takes what JSON.parse takes, and nothing else', () => {
    const piece = fc.constantFrom('{', '}', '[', ']', ',', ':', '"a"', '"payload"', '"', '\\', '1', '-', '0', '.5', 'e+3', '01', 'true', 'null', 'nul', ' ', '\n', '\u00a0', '\ufeff', '"\\u00e9"', '"\\u00g9"', '"\\x"', '"\u0001"', '"\u007f"', '"é😀"')
    fc.assert(fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const text = pieces.join('')
      expect(isTaken(text), text).to.equal(isJson(text))
    }), { numRuns: 2_000 })
    const seed = '{"header":{"scope":"client","a":[1.50,"x\\"}"]},"payload":{"type":"t","data":-1e5,"id":"\\u0041"}}'
    fc.assert(fc.property(fc.array(fc.tuple(fc.nat(seed.length), fc.nat(3), fc.constantFrom('', '"', '{', '}', ',', ':', '\\', '[', ']', ' ', '1')), { maxLength: 3 }), (edits) => {
      let text = seed
      for (const [at, drop, insert] of edits) text = text.slice(0, at) + insert + text.slice(at + drop)
      expect(isTaken(text), text).to.equal(isJson(text))
    }), { numRuns: 2_000 })
  })

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
    expect(readParts('[{"data":1}]')).to.equal(undefined)
  })

  it('bears any depth, and a text of millions of values in little time', () => {
    const deep = `${'[{"a":'.repeat(500_000)}1${'}]'.repeat(500_000)}`
    expect(readParts(`{"payload":{"data":${deep}}}`)?.get('payload')?.members.get('data')).to.equal(deep)
    const wide = `{"header":[${'{},'.repeat(1_000_000)}{}]}`
    const before = process.memoryUsage().heapUsed
    const began = performance.now()
    readParts(wide)
    expect(performance.now() - began).to.be.below(500)
    expect(process.memoryUsage().heapUsed - before).to.be.below(50_000_000)
  })
})

describe('stringIn', () => {
  it('gives the value of a string, and of nothing else', () => {
    expect(stringIn('"\\u0041"')).to.equal('A')
    for (const text of [undefined, '1', 'null', '["x"]', '{}']) expect(stringIn(text)).to.equal(undefined)
  })
})
