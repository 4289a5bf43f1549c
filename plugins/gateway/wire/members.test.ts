import { expect } from 'chai'
import { membersOf } from './members.ts'

describe('membersOf', () => {
  it('takes the last of several members with one name, however that is spelled', () => {
    expect([...membersOf('{"a":1,"\\u0061" : [ 2 ] ,"__proto__":{"b":1}}') ?? []]).to.deep.equal([['a', '[ 2 ]'], ['__proto__', '{"b":1}']])
  })

  it('takes nothing of what is no JSON or no object', () => {
    for (const text of ['', '{', '{"a":1}x', '{"a":1,}', '[{"a":1}]', '"a"', 'null']) expect(membersOf(text), text).to.equal(undefined)
  })

  it('takes 64 levels and no more', () => {
    const nested = (levels: number): string => `{"a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`
    expect([membersOf(nested(64))?.size, membersOf(nested(65)), membersOf('{"a":'.repeat(100_000)), membersOf('['.repeat(100_000))]).to.deep.equal([1, undefined, undefined, undefined])
  })
})
