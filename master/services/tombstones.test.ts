import { expect } from 'chai'
import { openMemoryStore } from '../../lib/store/memory-store.ts'
import { Tombstones } from './tombstones.ts'

const east = { slave_id: 1, data_directory_id: 'disk-of-east', name: 'arena' }
const west = { slave_id: 2, data_directory_id: 'disk-of-west', name: 'arena' }

describe('Tombstones', () => {
  it('remember no more deletions that are done than they may, and all that are not', async () => {
    const store = openMemoryStore()
    const tombstones = new Tombstones(store, 3)
    await store.batch(tombstones.bury(100, [east, west]))
    await store.batch(tombstones.done(100, west))
    for (const id of [1, 2, 3, 4, 5]) {
      await store.batch(tombstones.bury(id, [east], () => true))
      const begun = Date.now()
      while (Date.now() === begun) await new Promise(setImmediate)
    }
    expect([100, 1, 2, 3, 4, 5].map((id) => tombstones.has(id))).to.deep.equal([true, false, false, true, true, true])
    expect([1, 2].map((slaveId) => tombstones.pendingOf(slaveId))).to.deep.equal([[100], []])
  })

  it('are none for what no slave had', () => {
    const tombstones = new Tombstones(openMemoryStore())
    expect([...tombstones.bury(1, []), ...tombstones.done(1, east), ...tombstones.forget(1), ...tombstones.release(1)]).to.deep.equal([])
  })

  it('are done slave by slave, and cover at each what it held, but nothing at others', async () => {
    const store = openMemoryStore()
    const tombstones = new Tombstones(store)
    await store.batch(tombstones.bury(7, [east, west], ({ slave_id: slaveId }) => slaveId === 2))
    expect(tombstones.pending(7)).to.deep.equal([east])
    await store.batch(tombstones.bury(7, [east, west]))
    expect(tombstones.pending(7)).to.deep.equal([east])
    expect([east, west, { slave_id: 3 }].map((place) => tombstones.covers(7, place, 'arena'))).to.deep.equal([true, true, false])
    await store.batch(tombstones.done(7, east))
    expect(tombstones.pending(7)).to.deep.equal([])
    expect(tombstones.covers(7, east, 'arena')).to.equal(true)
  })

  it('cover by the id alone what a slave is still to delete, and by the name too what may be another\'s', async () => {
    const store = openMemoryStore()
    const tombstones = new Tombstones(store)
    await store.batch(tombstones.bury(7, [east]))
    expect(tombstones.covers(7, east, 'its name before that')).to.equal(true)
    const replaced = { slave_id: 1, data_directory_id: 'another disk' }
    expect(['arena', 'other'].map((name) => tombstones.covers(7, replaced, name))).to.deep.equal([true, false])
    await store.batch(tombstones.done(7, east))
    expect(['arena', 'other'].map((name) => tombstones.covers(7, east, name))).to.deep.equal([true, false])
  })

  it('wait no longer for a slave that is removed, and know it again by its data directory', async () => {
    const store = openMemoryStore()
    const tombstones = new Tombstones(store)
    await store.batch(tombstones.bury(7, [east, west]))
    await store.batch(tombstones.release(1))
    expect(tombstones.pending(7)).to.deep.equal([west])
    expect(tombstones.covers(7, { slave_id: 9, data_directory_id: 'disk-of-east' }, 'arena')).to.equal(true)
    expect(tombstones.covers(7, { slave_id: 9, data_directory_id: 'new' }, 'arena')).to.equal(false)
  })

  it('that knew of one slave only hold on, until that is removed', async () => {
    const store = openMemoryStore()
    await store.collection('deleted_instances').put('3', { slave_id: 1 })
    await store.collection('deleted_instances').put('4', { slave_id: 1, done_at: '2026-01-01T00:00:00.000Z' })
    const tombstones = new Tombstones(store)
    expect(tombstones.pendingOf(1)).to.deep.equal([3])
    expect([3, 4].map((id) => tombstones.covers(id, east, 'whatever'))).to.deep.equal([true, true])
    await store.batch(tombstones.release(1))
    expect([3, 4].map((id) => tombstones.has(id))).to.deep.equal([false, false])
  })

  it('are the same in a database that was exported and imported', async () => {
    const [store, copy] = [openMemoryStore(), openMemoryStore()]
    await store.batch(new Tombstones(store).bury(7, [east, west], ({ slave_id: slaveId }) => slaveId === 2))
    await copy.import(store.export())
    expect(new Tombstones(copy).pending(7)).to.deep.equal([east])
    expect(new Tombstones(copy).covers(7, west, 'arena')).to.equal(true)
  })
})
