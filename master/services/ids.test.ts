import { expect } from 'chai'
import { openMemoryStore } from '../../lib/store/memory-store.ts'
import { IdSequence } from './ids.ts'

describe('IdSequence', () => {
  it('steps over ids that others have made up, and follows those that are near', () => {
    const taken = new Set([1, 2, 5])
    const ids = new IdSequence(openMemoryStore(), 'thing', (id) => taken.has(id))
    expect([ids.take().id, ids.take().id, ids.take().id]).to.deep.equal([3, 4, 6])
    expect(ids.skip(10)).to.have.length(1)
    expect(ids.take().id).to.equal(11)
  })

  it('does not jump to ids that are far away, or below it', () => {
    const ids = new IdSequence(openMemoryStore(), 'thing')
    for (const id of [1_804_289_383, Number.MAX_SAFE_INTEGER, -5, 0]) expect(ids.skip(id)).to.deep.equal([])
    expect(ids.take().id).to.equal(1)
  })
})
