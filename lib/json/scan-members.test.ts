import { expect } from 'chai'
import fc from 'fast-check'
import { scanMembers } from './scan-members.ts'
import type { MemberScanOptions } from './scan-members.ts'

/** A visited member: its text, and the members that were visited in it. */
interface Visited {
  readonly json: string
  readonly members: ReadonlyMap<string, Visited>
}

/** What was visited, as a tree; undefined where the text has no object outside. */
function visited(text: string, options: MemberScanOptions): ReadonlyMap<string, Visited> | undefined {
  const open: Map<string, Visited>[] = []
  const isObject = scanMembers(text, options, (name, json, level) => {
    const members = open[level] ?? new Map<string, Visited>()
    open.length = level
    const siblings = open[level - 1] ??= new Map<string, Visited>()
    siblings.set(name, { json, members })
  })
  return isObject ? open[0] ?? new Map<string, Visited>() : undefined
}

/** The same tree, of what JSON.parse has made. */
function expectSame(found: ReadonlyMap<string, Visited> | undefined, value: unknown, levels: number, text: string): void {
  const entries = levels > 0 && isObject(value) ? Object.entries(value) : []
  expect([...found?.keys() ?? []].toSorted(), text).to.deep.equal(entries.map(([name]) => name).toSorted())
  for (const [name, member] of entries) {
    const { json, members } = found?.get(name) ?? { json: '', members: undefined }
    expect(JSON.parse(json), text).to.deep.equal(member)
    expectSame(members, member, levels - 1, text)
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function codeOf(act: () => unknown): unknown {
  try {
    act()
    return undefined
  } catch (error) {
    return (error as { code?: unknown }).code
  }
}

function check(text: string): void {
  const levels = text.length % 4
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    expect(codeOf(() => scanMembers(text, { levels }, () => {})), text).to.equal('malformed')
    return
  }
  const found = visited(text, { levels })
  expect(found !== undefined, text).to.equal(isObject(value))
  expectSame(found, value, levels, text)
}

describe('scanMembers', () => {
  it('takes what JSON.parse takes and nothing else, and finds what that finds, however a text is damaged', () => {
    const piece = fc.constantFrom('{', '}', '[', ']', ',', ':', '"a"', '"payload"', '"', '\\', '1', '-', '0', '.5', 'e+3', '01', 'true', 'null', 'nul', ' ', '\n', '\u00a0', '\ufeff', '"\\u00e9"', '"\\u00g9"', '"\\x"', '"\u0001"', '"\u007f"', '"é😀"')
    fc.assert(fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => check(pieces.join(''))), { numRuns: 2_000 })
    const seed = '{"header":{"scope":"client","a":[1.50,"x\\"}"]},"payload":{"type":{"t":1,"t":{}},"data":-1e5,"id":"\\u0041"}}'
    fc.assert(fc.property(fc.array(fc.tuple(fc.nat(seed.length), fc.nat(3), fc.constantFrom('', '"', '{', '}', ',', ':', '\\', '[', ']', ' ', '1')), { maxLength: 3 }), (edits) => {
      let text = seed
      for (const [at, drop, insert] of edits) text = text.slice(0, at) + insert + text.slice(at + drop)
      check(text)
    }), { numRuns: 2_000 })
    const value = fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 4 })
    fc.assert(fc.property(value, fc.constantFrom(undefined, 1), fc.nat(), fc.constantFrom('', ' ', '"', '\\', ',', '{', '}', '[', ']', ':', '-', '0', '1', '.', 'e', 'null', '\n', '\u0001', '\u00a0', '\\u12'), (object, space, at, damage) => {
      const text = JSON.stringify(object, undefined, space)
      check(text)
      const cut = at % (text.length + 1)
      check(text.slice(0, cut) + damage + text.slice(cut))
      check(text.slice(0, cut) + damage + text.slice(cut + 1))
    }), { numRuns: 1_000 })
  })

  it('takes what JSON.parse takes of long strings, wherever in them something stands', () => {
    const odd = fc.constantFrom('\n', '\u0000', '\u001f', '\u007f', '\ud800', '\uffff', 'é', '"', '\\', '\\\\', '\\n', '\\"', '\\u12', '\\u123g', '\\u12aF', '\\U1234')
    fc.assert(fc.property(fc.nat(80), fc.nat(80), odd, odd, (before, between, one, other) => {
      check(`{"a":"${'x'.repeat(before)}${one}${'y'.repeat(between)}${other}"}`)
    }), { numRuns: 2_000 })
  })

  it('gives texts as they stand, of several members with one name each in its turn, however that is spelled', () => {
    const visits: unknown[] = []
    scanMembers(' {"a":1.0 , "\\u0061" : { "b":"\\/" , "b":[ 2 ] } ,"__proto__":{ },"":[{"c":3}]}\n', { levels: 2 }, (...visit) => visits.push(visit))
    expect(visits).to.deep.equal([
      ['a', '1.0', 1], ['b', '"\\/"', 2], ['b', '[ 2 ]', 2], ['a', '{ "b":"\\/" , "b":[ 2 ] }', 1], ['__proto__', '{ }', 1], ['', '[{"c":3}]', 1],
    ])
  })

  it('passes over members that are not asked for, with all that they have inside', () => {
    const visits: unknown[] = []
    scanMembers('{"a":{"a":1,"b":{"a":2},"c":3},"b":{"a":4},"c":{"b":5,"c":6}}', { levels: 3, names: new Set(['a', 'c']) }, (...visit) => visits.push(visit))
    expect(visits).to.deep.equal([['a', '1', 2], ['c', '3', 2], ['a', '{"a":1,"b":{"a":2},"c":3}', 1], ['c', '6', 2], ['c', '{"b":5,"c":6}', 1]])
  })

  it('takes as many levels as it is told, and any number when it is not', () => {
    const nested = (levels: number): string => `{"a":${'['.repeat(levels - 1)}1${']'.repeat(levels - 1)}}`
    const scan = (text: string, maxDepth?: number) => (): boolean => scanMembers(text, maxDepth === undefined ? { levels: 1 } : { levels: 1, maxDepth }, () => {})
    for (const maxDepth of [1, 2, 31, 32, 33, 64, 100]) {
      expect(scan(nested(maxDepth), maxDepth)()).to.equal(true)
      expect(scan(nested(maxDepth + 1), maxDepth), String(maxDepth)).to.throw(`nested more than ${maxDepth} levels`).with.property('code', 'malformed')
    }
    expect(scan(nested(1_000_000))()).to.equal(true)
  })

  it('tells brackets apart at every depth', () => {
    fc.assert(fc.property(fc.array(fc.boolean(), { maxLength: 150 }), fc.nat(), fc.boolean(), (kinds, at, isDamaged) => {
      const ends = kinds.map((isBrace) => (isBrace ? '}' : ']')).toReversed()
      if (isDamaged && ends.length > 0) ends[at % ends.length] = ends[at % ends.length] === '}' ? ']' : '}'
      check(`${kinds.map((isBrace) => (isBrace ? '{"a":' : '[')).join('')}1${ends.join('')}`)
    }))
  })

  it('reads hostile texts in linear time, without a deep stack', () => {
    const many = 1_000_000
    const refused = [
      ...['[', '{"a":', '{', ']', '"', '\\', ' ', '-', '1.'].map((piece) => piece.repeat(many)),
      `{"a":"${'\\"'.repeat(many)}`, `{"a":"${'x'.repeat(4 * many)}`, `{"a":${'1'.repeat(many)}`,
    ]
    const taken = [
      `{"a":"${'\\u0041'.repeat(many)}"}`, `{"a":"${'é–'.repeat(2 * many)}"}`, `{"${'\\\\'.repeat(many)}":{}}`,
      `{"a":[${'{},'.repeat(many)}{}]}`, `{${'"a":{"b":1},'.repeat(many)}"a":1}`, `{"a":${'[{"b":'.repeat(many)}1${'}]'.repeat(many)}}`,
    ]
    for (const [text, expected] of [...refused.map((each) => [each, 'malformed'] as const), ...taken.map((each) => [each, undefined] as const)]) {
      // As it comes from a socket: in one piece.
      const received = Buffer.from(text).toString()
      const began = performance.now()
      const code = codeOf(() => scanMembers(received, { levels: 2, names: new Set(['a', 'b']) }, () => {}))
      // A quadratic scan of these takes minutes.
      expect(performance.now() - began, text.slice(0, 20)).to.be.below(5_000)
      expect(code, text.slice(0, 20)).to.equal(expected)
    }
  })
})
