import { expect } from 'chai'
import { openMemoryStore } from '../../lib/store/memory-store.ts'
import { failureOf } from '../../test/helpers/failure-of.ts'
import { InstanceService } from './instances.ts'
import { SlaveService } from './slaves.ts'
import { TokenService } from './tokens.ts'

type InstanceRecord = Parameters<InstanceService['intendDeletion']>[0]

describe('InstanceService', () => {
  it('keeps nothing of what a slave that is removed was still to delete', async () => {
    const store = openMemoryStore()
    const instances = new InstanceService(store, new SlaveService(store, new TokenService(store)))
    for (const [id, slaveId] of [[1, 1], [2, 1], [3, 2]] as const) await instances.intendDeletion({ id, slave_id: slaveId } as InstanceRecord)
    await store.batch(instances.deletionsOf(1))
    expect([1, 2, 3].map((id) => instances.tombstoneOf(id))).to.deep.equal([undefined, undefined, 2])
  })

  it('frees the ids of what a slave comes without, and knows what it brings again', async () => {
    const store = openMemoryStore()
    const instances = new InstanceService(store, new SlaveService(store, new TokenService(store)))
    for (const id of [1, 2]) await instances.intendDeletion({ id, slave_id: 7 } as InstanceRecord)
    await instances.finishDeletions(7, new Set([2]))
    expect([1, 2].map((id) => instances.isDeleted(id))).to.deep.equal([false, true])
    expect([1, 2].map((id) => instances.tombstoneOf(id))).to.deep.equal([7, 7])
    const fields = { name: 'a', template: 'foreign', slave_id: null, variables: {}, ports: {}, restart_policy: 'never', console_limit_bytes: 65_536, created_with: null } as const
    await instances.create({ ...fields, id: 1 })
    expect(instances.tombstoneOf(1)).to.equal(undefined)
    expect(await failureOf(instances.create({ ...fields, id: 2 }))).to.include({ code: 'conflict' })
  })
})
