import { expect } from 'chai'
import { failureOf } from '../../test/helpers/failure-of.ts'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { Outcomes } from './outcomes.ts'

function counted() {
  let count = 0
  return async (): Promise<number> => (count += 1)
}

describe('Outcomes', () => {
  it('does a request with the same key once, also while the first is not done', async () => {
    const outcomes = new Outcomes()
    const work = counted()
    const both = await Promise.all([outcomes.once(1, 'k', 'say', work), outcomes.once(1, 'k', 'say', work)])
    expect(both).to.deep.equal([1, 1])
    expect(await outcomes.once(1, 'k', 'say', work)).to.equal(1)
    expect(await outcomes.once(2, 'k', 'say', work)).to.equal(2)
    expect(await outcomes.once(1, 'other', 'say', work)).to.equal(3)
  })

  it('answers with the error of the first', async () => {
    const outcomes = new Outcomes()
    const fails = (): Promise<never> => Promise.reject(new ClusterError('wrong_state', 'stopped'))
    expect((await failureOf(outcomes.once(1, 'k', 'say', fails))).code).to.equal('wrong_state')
    expect((await failureOf(outcomes.once(1, 'k', 'say', counted()))).code).to.equal('wrong_state')
  })

  it('refuses a key that another request has used', async () => {
    const outcomes = new Outcomes()
    await outcomes.once(1, 'k', 'say a', counted())
    expect((await failureOf(outcomes.once(1, 'k', 'say b', counted()))).code).to.equal('conflict')
  })

  it('forgets the oldest keys beyond its bound, and all after their time', async () => {
    let now = 0
    const outcomes = new Outcomes({ maxKeys: 2, keepMs: 1_000, now: () => now })
    const work = counted()
    for (const key of ['a', 'b', 'c']) await outcomes.once(1, key, 'say', work)
    expect(await outcomes.once(1, 'c', 'say', work)).to.equal(3)
    expect(await outcomes.once(1, 'a', 'say', work)).to.equal(4)
    now = 2_000
    expect(await outcomes.once(1, 'a', 'say', work)).to.equal(5)
  })
})
