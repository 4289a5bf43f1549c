import { expect } from 'chai'
import { openMemoryStore } from '../../lib/store/memory-store.ts'
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
})
