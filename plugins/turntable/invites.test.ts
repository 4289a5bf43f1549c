import { expect } from 'chai'
import { KeptInvites } from './invites.ts'

describe('kept invites', () => {
  it('are given once, the oldest first', () => {
    const invites = new KeptInvites({ perUser: 100, total: 1_000, ttlMs: 1_000 })
    invites.keep('u', 'a')
    invites.keep('u', 'b')
    expect(invites.take('u')).to.deep.equal(['a', 'b'])
    expect(invites.take('u')).to.deep.equal([])
    expect(invites.size).to.equal(0)
  })

  it('lose the oldest of a user who has too many', () => {
    const invites = new KeptInvites({ perUser: 2, total: 1_000, ttlMs: 1_000 })
    for (const channel of ['a', 'b', 'c']) invites.keep('u', channel)
    invites.keep('v', 'a')
    expect(invites.take('u')).to.deep.equal(['b', 'c'])
    expect(invites.take('v')).to.deep.equal(['a'])
  })

  it('lose the oldest of all when there are too many', () => {
    const invites = new KeptInvites({ perUser: 100, total: 2, ttlMs: 1_000 })
    for (const user of ['u', 'v', 'w']) invites.keep(user, 'a')
    expect(['u', 'v', 'w'].map((user) => invites.take(user).length)).to.deep.equal([0, 1, 1])
  })

  it('expire', () => {
    let now = 0
    const invites = new KeptInvites({ perUser: 100, total: 1_000, ttlMs: 1_000 }, () => now)
    invites.keep('u', 'a')
    now = 500
    invites.keep('u', 'b')
    now = 1_000
    expect(invites.take('u')).to.deep.equal(['b'])
  })
})
