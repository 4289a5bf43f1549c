import { expect } from 'chai'
import { openMemoryStore } from '../../lib/store/memory-store.ts'
import { Tombstones } from './tombstones.ts'

describe('Tombstones', () => {
  it('remember no more deletions that are done than they may, and all that are not', async () => {
    const store = openMemoryStore()
    const tombstones = new Tombstones(store, 3)
    await store.batch(tombstones.bury({ id: 100, slave_id: 1 }))
    for (const id of [1, 2, 3, 4, 5]) {
      await store.batch(tombstones.done({ id, slave_id: 1 }))
      const begun = Date.now()
      while (Date.now() === begun) await new Promise(setImmediate)
    }
    expect([100, 1, 2, 3, 4, 5].map((id) => tombstones.slaveOf(id))).to.deep.equal([1, undefined, undefined, 1, 1, 1])
    expect(tombstones.pendingOf(1)).to.deep.equal([100])
    await store.batch(tombstones.forgetAllOf(1))
    expect([100, 3, 4, 5].map((id) => tombstones.slaveOf(id))).to.deep.equal([undefined, undefined, undefined, undefined])
  })

  it('are none for what no slave had', async () => {
    const store = openMemoryStore()
    const tombstones = new Tombstones(store)
    expect([...tombstones.bury({ id: 1, slave_id: null }), ...tombstones.done({ id: 1, slave_id: null })]).to.deep.equal([])
  })
})
