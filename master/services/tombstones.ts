import { deleteFrom, putIn } from '../../lib/store/store.ts'
import type { Collection, Store, Write } from '../../lib/store/store.ts'

interface Tombstone { readonly slave_id: number }

/** Instances that were deleted, which their slaves have yet to be told, or have not yet said that it is done. */
export class Tombstones {
  readonly #tombstones: Collection<Tombstone>

  constructor(store: Store) {
    this.#tombstones = store.collection<Tombstone>('deleted_instances')
  }

  /** The slave that is still to delete an instance. */
  slaveOf(instanceId: number): number | undefined {
    return this.#tombstones.get(String(instanceId))?.value.slave_id
  }

  /** The writes that have an instance's slave delete it, now or when it is back; none for one without a slave. */
  bury({ id, slave_id: slaveId }: { readonly id: number; readonly slave_id: number | null }): Write[] {
    return slaveId === null ? [] : [putIn(this.#tombstones, String(id), { slave_id: slaveId })]
  }

  /** The writes that forget it. */
  forget(instanceId: number): Write[] {
    return this.slaveOf(instanceId) === undefined ? [] : [deleteFrom(this.#tombstones, String(instanceId))]
  }

  /** The writes that forget all that a slave was still to delete. */
  forgetAllOf(slaveId: number): Write[] {
    return this.#tombstones.list().filter(({ value }) => value.slave_id === slaveId).map(({ id }) => deleteFrom(this.#tombstones, id))
  }
}
