import { retryOnConflict } from '../../lib/store/retry-on-conflict.ts'
import { deleteFrom, putIn } from '../../lib/store/store.ts'
import type { Collection, Store, Write } from '../../lib/store/store.ts'
import { isSamePlace, withDone } from './holders.ts'
import type { Holder, Place } from './holders.ts'
import { holdersOf } from './instance-record.ts'
import type { InstanceRecord } from './instance-record.ts'
import type { SlaveService } from './slaves.ts'
import { Tombstones } from './tombstones.ts'

interface Parts {
  readonly store: Store
  readonly instances: Collection<InstanceRecord>
  readonly slaves: Pick<SlaveService, 'get'>
}

/** Deletions of instances, which are finished at all slaves that ever held them, whenever these come. */
export class Deletions {
  readonly #parts: Parts
  readonly #tombstones: Tombstones

  constructor(parts: Parts) {
    this.#parts = parts
    this.#tombstones = new Tombstones(parts.store)
  }

  /** Whether an instance was deleted, or is to be, and slaves have yet to say that they have done so too. */
  isPending(instanceId: number): boolean {
    return this.pending(instanceId).length > 0
  }

  /** The slaves that have yet to delete an instance. */
  pending(instanceId: number): Holder[] {
    return this.#tombstones.pending(instanceId)
  }

  /** Whether an instance of this id was deleted, or is to be, while no other has it. */
  isRemembered(instanceId: number): boolean {
    return this.#tombstones.has(instanceId)
  }

  /** Whether what a slave brings is to be deleted there. */
  isToGo(instanceId: number, place: Place, name: string): boolean {
    return this.#tombstones.covers(instanceId, place, name)
  }

  /** Puts on record that an instance is to be deleted, before its slave is told: whatever happens then, it is finished later. */
  async intend(record: InstanceRecord): Promise<void> {
    await this.#write(() => this.#tombstones.bury(record.id, this.#holdersOf(record)))
  }

  /** Its slave has refused to delete it. */
  async forget(instanceId: number): Promise<void> {
    await this.#parts.store.batch(this.#tombstones.forget(instanceId))
  }

  /** Forgets an instance; all that hold it are to delete it, but for the slave that has, or needs not. */
  async finish(record: InstanceRecord, doneAt: Place | undefined): Promise<void> {
    await this.#write(() => [
      deleteFrom(this.#parts.instances, String(record.id)),
      ...this.#tombstones.bury(record.id, this.#holdersOf(record), (holder) => doneAt !== undefined && isSamePlace(holder, doneAt)),
    ])
  }

  /** A slave has deleted its part of an instance. */
  async doneAt(instanceId: number, place: Place): Promise<void> {
    await this.#write(() => this.#tombstones.done(instanceId, place))
  }

  /** A slave has told all that it has: what it was to delete of others is done. */
  async doneWithout(slaveId: number, brought: ReadonlySet<number>): Promise<void> {
    for (const id of this.#tombstones.pendingOf(slaveId)) {
      if (!brought.has(id) && !this.#parts.instances.get(String(id))) await this.doneAt(id, { slave_id: slaveId })
    }
  }

  /** The writes that forget a deletion: the id is another instance's from now on. */
  forgetting(instanceId: number): Write[] {
    return this.#tombstones.forget(instanceId)
  }

  /**
   * The writes that delete all instances of a slave that is removed, and wait no longer for it to delete others. Those that it
   * held before another got them remember it as one that is gone. They fail with `conflict` when any of it is changed meanwhile.
   */
  ofSlave(slaveId: number): Write[] {
    const { instances } = this.#parts
    const writes = instances.list().flatMap(({ id, revision, value }) => {
      if (value.slave_id === slaveId) return [deleteFrom(instances, id)]
      const isFormer = ({ slave_id: former, done_at: at }: Holder): boolean => former === slaveId && at === undefined
      if (!value.former_slaves?.some(isFormer)) return []
      return [putIn(instances, id, { ...value, former_slaves: withDone(value.former_slaves, isFormer) }, { expectedRevision: revision })]
    })
    return [...writes, ...this.#tombstones.release(slaveId)]
  }

  /** Slaves are done at the same moment, and none of it may be lost. */
  async #write(writes: () => Write[]): Promise<void> {
    await retryOnConflict(() => this.#parts.store.batch(writes()))
  }

  #holdersOf(record: InstanceRecord): Holder[] {
    return holdersOf(record, (slaveId) => this.#parts.slaves.get(slaveId))
  }
}
