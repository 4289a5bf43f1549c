import { expect } from 'chai'
import { openMemoryStore } from '../../lib/store/memory-store.ts'
import type { Store } from '../../lib/store/store.ts'
import { failureOf } from '../../test/helpers/failure-of.ts'
import { movedTo } from './instance-record.ts'
import { InstanceService } from './instances.ts'
import { SlaveService } from './slaves.ts'
import { TokenService } from './tokens.ts'

const fields = { template: 'foreign', variables: {}, ports: {}, restart_policy: 'never', console_limit_bytes: 65_536, created_with: null } as const
const settled = { ...fields, name: 'a', slave_id: null } as const

/** A service with slaves 1, 2 and 3, each with a data directory of its own. */
async function servicesOn(store: Store): Promise<InstanceService> {
  const slaves = new SlaveService(store, new TokenService(store))
  for (const id of [1, 2, 3]) await store.collection('slaves').put(String(id), { id, name: `slave-${id}`, data_directory_id: `disk-${id}` })
  return new InstanceService(store, slaves)
}

const placeOf = (slaveId: number): { slave_id: number; data_directory_id: string } => ({ slave_id: slaveId, data_directory_id: `disk-${slaveId}` })

/** Makes an instance that was given to these slaves, one after the other. */
async function given(instances: InstanceService, id: number, slaveIds: readonly number[]): Promise<void> {
  await instances.create({ ...fields, name: `i${id}`, slave_id: slaveIds[0] ?? null, id })
  for (const slaveId of slaveIds.slice(1)) await instances.configure(id, (current) => movedTo(current, slaveId, placeOf))
}

describe('Deletions', () => {
  it('concern all slaves that ever held the instance, but one that has it again no more than once', async () => {
    const instances = await servicesOn(openMemoryStore())
    await given(instances, 5, [1, 2, 1, 3])
    expect(instances.require(5).former_slaves?.map(({ slave_id: id }) => id)).to.deep.equal([2, 1])
    await instances.deletions.finish(instances.require(5), placeOf(3))
    expect(instances.deletions.pending(5).map(({ slave_id: id }) => id)).to.deep.equal([2, 1])
    expect([1, 2, 3].map((id) => instances.deletions.isToGo(5, placeOf(id), 'i5'))).to.deep.equal([true, true, true])
    await Promise.all([instances.deletions.doneWithout(2, new Set()), instances.deletions.doneAt(5, placeOf(1))])
    expect(instances.deletions.isPending(5)).to.equal(false)
    expect(instances.deletions.isRemembered(5)).to.equal(true)
  })

  it('do not concern slaves that never had it, nor what another cluster has given the same id', async () => {
    const instances = await servicesOn(openMemoryStore())
    await given(instances, 5, [1, 2])
    await instances.deletions.finish(instances.require(5), placeOf(2))
    expect(instances.deletions.isToGo(5, placeOf(3), 'i5')).to.equal(false)
    expect(instances.deletions.isToGo(5, placeOf(2), 'of another cluster')).to.equal(false)
  })

  it('wait no longer for a slave that is removed, and are finished when it joins anew', async () => {
    const store = openMemoryStore()
    const instances = await servicesOn(store)
    for (const [id, slaveIds] of [[1, [1]], [2, [1, 2]], [3, [2]]] as const) await given(instances, id, slaveIds)
    for (const id of [1, 3]) await instances.deletions.finish(instances.require(id), undefined)
    await store.batch(instances.deletions.ofSlave(1))
    expect([1, 3].map((id) => instances.deletions.isPending(id))).to.deep.equal([false, true])
    await instances.deletions.finish(instances.require(2), placeOf(2))
    expect(instances.deletions.isPending(2)).to.equal(false)
    const rejoined = { slave_id: 9, data_directory_id: 'disk-1' }
    expect([1, 2, 3].map((id) => instances.deletions.isToGo(id, rejoined, `i${id}`))).to.deep.equal([true, true, false])
    expect(instances.deletions.isToGo(1, { slave_id: 1 }, 'what another machine has')).to.equal(false)
  })

  it('delete the instances of a slave that is removed from the cluster only', async () => {
    const store = openMemoryStore()
    const instances = await servicesOn(store)
    await given(instances, 1, [1])
    await store.batch(instances.deletions.ofSlave(1))
    expect(instances.get(1)).to.equal(undefined)
    expect(instances.deletions.isToGo(1, placeOf(1), 'i1')).to.equal(false)
  })

  it('free the ids of what a slave comes without, and know what it brings again', async () => {
    const instances = await servicesOn(openMemoryStore())
    for (const id of [1, 2]) {
      await given(instances, id, [1])
      await instances.deletions.finish(instances.require(id), undefined)
    }
    await instances.deletions.doneWithout(1, new Set([2]))
    expect([1, 2].map((id) => instances.deletions.isPending(id))).to.deep.equal([false, true])
    expect([1, 2].map((id) => instances.deletions.isToGo(id, placeOf(1), `i${id}`))).to.deep.equal([true, true])
    await instances.create({ ...settled, id: 1 })
    expect(instances.deletions.isRemembered(1)).to.equal(false)
    expect(await failureOf(instances.create({ ...settled, id: 2 }))).to.include({ code: 'conflict' })
  })

  it('that a slave refuses leave the instance with all that hold it', async () => {
    const instances = await servicesOn(openMemoryStore())
    await given(instances, 5, [1, 2])
    await instances.deletions.intend(instances.require(5))
    expect(instances.deletions.isPending(5)).to.equal(true)
    await instances.deletions.forget(5)
    expect(instances.deletions.isRemembered(5)).to.equal(false)
    expect(instances.require(5).former_slaves?.map(({ slave_id: id }) => id)).to.deep.equal([1])
  })
})
