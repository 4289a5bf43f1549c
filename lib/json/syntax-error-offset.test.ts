import { expect } from 'chai'
import fc from 'fast-check'
import { positionAt, syntaxErrorOffset } from './syntax-error-offset.ts'

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

describe('syntaxErrorOffset', () => {
  it('points at the token that may not stand there', () => {
    const cases: [string, number][] = [
      ['{"a": 1,}', 8],
      ['{"a" 1}', 5],
      ["{'a': 1}", 1],
      ['[1 2]', 3],
      ['[1, 2}', 5],
      ['{"a": tru}', 6],
      ['{"a": 01}', 6],
      ['{} {}', 3],
      ['"line\nbreak"', 0],
      ['', 0],
      ['{"a": [1, 2]', 12],
    ]
    for (const [text, offset] of cases) expect(syntaxErrorOffset(text), text).to.equal(offset)
  })

  it('agrees with JSON.parse on what is valid', () => {
    const piece = fc.constantFrom('{', '}', '[', ']', ',', ':', '"a"', '1', '-0.5e3', 'true', 'null', ' ', '\n', '"\\u00e9"', '"\u007f"', 'x')
    fc.assert(fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const text = pieces.join('')
      expect(syntaxErrorOffset(text) === undefined, text).to.equal(isJson(text))
    }), { numRuns: 2_000 })
    fc.assert(fc.property(fc.jsonValue(), (value) => {
      expect(syntaxErrorOffset(JSON.stringify(value, undefined, 2))).to.equal(undefined)
    }))
  })
})

describe('positionAt', () => {
  it('counts lines and columns from 1', () => {
    expect(positionAt('ab\ncd', 0)).to.deep.equal({ line: 1, column: 1 })
    expect(positionAt('ab\ncd', 4)).to.deep.equal({ line: 2, column: 2 })
  })
})
