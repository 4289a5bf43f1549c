import { expect } from 'chai'
import fc from 'fast-check'
import { membersOf } from './members.ts'

/** What JSON.parse makes of the members; undefined where it takes no object. */
function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value as Record<string, unknown> : undefined
  } catch {
    return undefined
  }
}

function check(text: string): void {
  const members = membersOf(text)
  const expected = parsed(text)
  // JSON.parse has names that are numbers first.
  const read = members && [...members].map(([name, json]): [string, unknown] => [name, JSON.parse(json)]).toSorted(byName)
  expect(read, text).to.deep.equal(expected && Object.entries(expected).toSorted(byName))
}

function byName([left]: [string, unknown], [right]: [string, unknown]): number {
  return left < right ? -1 : 1
}

describe('membersOf', () => {
  it('takes what JSON.parse takes and nothing else, however a text is damaged', () => {
    const object = fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 4 })
    fc.assert(fc.property(object, fc.constantFrom(undefined, 1), fc.nat(), fc.constantFrom('', ' ', '"', '\\', ',', '{', '}', '[', ']', ':', '-', '0', '1', '.', 'e', 'null', '\n', '\u0001', '\u00a0', '\\u12'), (value, space, at, damage) => {
      const text = JSON.stringify(value, undefined, space)
      check(text)
      const cut = at % (text.length + 1)
      check(text.slice(0, cut) + damage + text.slice(cut))
      check(text.slice(0, cut) + damage + text.slice(cut + 1))
    }), { numRuns: 1_000 })
  })

  it('takes the last of several members with one name, however that is spelled', () => {
    expect([...membersOf('{"a":1,"\\u0061" : [ 2 ] ,"__proto__":{}}') ?? []]).to.deep.equal([['a', '[ 2 ]'], ['__proto__', '{}']])
  })

  it('takes 64 levels and no more', () => {
    const nested = (levels: number): string => `{"a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`
    expect([membersOf(nested(64))?.size, membersOf(nested(65)), membersOf('{"a":'.repeat(100_000)), membersOf('['.repeat(100_000))]).to.deep.equal([1, undefined, undefined, undefined])
  })
})
