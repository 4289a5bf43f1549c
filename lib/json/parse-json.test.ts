import { expect } from 'chai'
import { ClusterError } from '../errors/cluster-error.ts'
import { isDeeperThan, parseJson } from './parse-json.ts'

function refusal(text: unknown, maxDepth?: number): ClusterError {
  try {
    parseJson(text, maxDepth === undefined ? {} : { maxDepth })
  } catch (error) {
    if (error instanceof ClusterError) return error
    throw error
  }
  throw new Error('parseJson accepted the text')
}

describe('parseJson', () => {
  it('reads what JSON.parse reads', () => {
    for (const text of ['{}', '[1, "a", null]', '"\\"[[["', '7', ' {"a": {"b": []}} ']) {
      expect(parseJson(text)).to.deep.equal(JSON.parse(text))
    }
  })

  it('accepts exactly the depth that is allowed', () => {
    expect(parseJson('['.repeat(64) + ']'.repeat(64))).to.be.an('array')
    expect(refusal('['.repeat(65) + ']'.repeat(65))).to.include({ code: 'malformed' })
    expect(refusal('{"a":{"b":{}}}', 2).message).to.equal('Cannot read JSON: it is nested more than 2 levels deep')
  })

  it('does not count brackets inside strings, however they are escaped', () => {
    const brackets = '['.repeat(100)
    for (const text of [`"${brackets}"`, `"\\"${brackets}"`, `"\\\\\\"${brackets}"`, `["\\\\", "${brackets}"]`]) {
      expect(parseJson(text)).to.deep.equal(JSON.parse(text))
    }
  })

  it('counts brackets after a string that ends in escaped backslashes', () => {
    expect(refusal(`["\\\\", ${'['.repeat(64)}${']'.repeat(64)}]`).message).to.include('64 levels')
  })

  it('does not count siblings as depth', () => {
    expect(parseJson(`[${Array.from({ length: 1000 }, () => '{}').join(',')}]`)).to.have.lengthOf(1000)
  })

  it('refuses what is not JSON without quoting it', () => {
    for (const text of ['', '{', '{"password": hunter2}', 'nul', '"open', '"\\', ']]]']) {
      expect(refusal(text)).to.include({ code: 'malformed', message: 'Cannot read JSON: the text is not valid JSON' })
    }
  })

  it('refuses what is not a text', () => {
    for (const value of [undefined, null, 1, {}, Buffer.from('{}')]) expect(refusal(value)).to.include({ code: 'malformed' })
  })

  it('scans hostile texts in linear time', () => {
    const half = 500_000
    const startedAt = performance.now()
    isDeeperThan('\\'.repeat(half) + '"'.repeat(half), 64)
    isDeeperThan(`"${'\\"'.repeat(half)}`, 64)
    isDeeperThan(`"${'\\'.repeat(2 * half)}`, 64)
    isDeeperThan('"'.repeat(2 * half), 64)
    // A quadratic scan of these takes minutes.
    expect(performance.now() - startedAt).to.be.below(5_000)
  })
})
