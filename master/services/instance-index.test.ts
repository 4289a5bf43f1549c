import { expect } from 'chai'
import { openMemoryStore } from '../../lib/store/memory-store.ts'
import { InstanceIndex } from './instance-index.ts'

describe('InstanceIndex', () => {
  const record = (id: number, name: string, slaveId: number | null, key: string | null = null) => ({ id, name, slave_id: slaveId, created_with: key === null ? null : { key } })

  it('finds what was there before and what came later', async () => {
    const instances = openMemoryStore().collection<ReturnType<typeof record>>('instances')
    await instances.put('2', record(2, 'two', 7))
    const index = new InstanceIndex(instances)
    await instances.put('10', record(10, 'ten', 7, 'key'))
    await instances.put('9', record(9, 'nine', 7))
    expect(index.ofSlave(7)).to.deep.equal([2, 9, 10])
    expect(index.countOf(7)).to.equal(3)
    expect(index.named('ten')).to.deep.equal([10])
    expect(index.madeWith('key')).to.equal(10)
  })

  it('follows a change of slave and of name, and a deletion', async () => {
    const instances = openMemoryStore().collection<ReturnType<typeof record>>('instances')
    const index = new InstanceIndex(instances)
    await instances.put('1', record(1, 'one', 7, 'key'))
    await instances.put('1', record(1, 'uno', null, 'key'))
    expect([index.countOf(7), index.named('one'), index.named('uno')]).to.deep.equal([0, [], [1]])
    await instances.delete('1')
    expect([index.named('uno'), index.madeWith('key'), index.ofSlave(7)]).to.deep.equal([[], undefined, []])
  })

  it('knows all instances of a name that several have', async () => {
    const instances = openMemoryStore().collection<ReturnType<typeof record>>('instances')
    const index = new InstanceIndex(instances)
    await instances.put('2', record(2, 'same', 1))
    await instances.put('1', record(1, 'same', 2))
    expect(index.named('same')).to.deep.equal([1, 2])
    await instances.delete('1')
    expect(index.named('same')).to.deep.equal([2])
  })
})
