import { deleteFrom, putIn } from '../../lib/store/store.ts'
import type { Collection, Store, Write } from '../../lib/store/store.ts'

interface Tombstone {
  readonly slave_id: number
  /** When its slave said that it is done, or came without it; until then the slave is still to be told. */
  readonly done_at?: string
}

/** Of more deletions that are done it is not kept whether their slaves bring the instances again. */
const maxDone = 10_000

/**
 * Instances that were deleted. Those that their slaves have yet to delete keep their ids; the others are remembered too, for
 * a slave that brings one in spite of what it said.
 */
export class Tombstones {
  readonly #tombstones: Collection<Tombstone>
  readonly #maxDone: number

  constructor(store: Store, max = maxDone) {
    this.#tombstones = store.collection<Tombstone>('deleted_instances')
    this.#maxDone = max
  }

  /** The slave that an instance was deleted from, or is to be. */
  slaveOf(instanceId: number): number | undefined {
    return this.#tombstones.get(String(instanceId))?.value.slave_id
  }

  /** Whether its slave is still to be told, or to say that it is done. */
  isPending(instanceId: number): boolean {
    const found = this.#tombstones.get(String(instanceId))
    return found !== undefined && found.value.done_at === undefined
  }

  /** Those that a slave is still to delete. */
  pendingOf(slaveId: number): number[] {
    return this.#tombstones.list().filter(({ value }) => value.slave_id === slaveId && value.done_at === undefined).map(({ id }) => Number(id))
  }

  /** The writes that have an instance's slave delete it, now or when it is back; none for one without a slave. */
  bury({ id, slave_id: slaveId }: { readonly id: number; readonly slave_id: number | null }): Write[] {
    return slaveId === null ? [] : [putIn(this.#tombstones, String(id), { slave_id: slaveId })]
  }

  /** The writes that note that an instance's slave does not have it any more; the oldest such notes go. */
  done({ id, slave_id: slaveId }: { readonly id: number; readonly slave_id: number | null }): Write[] {
    if (slaveId === null) return this.forget(id)
    const others = this.#tombstones.list().flatMap(({ id: other, value: { done_at: at } }) => (at === undefined || other === String(id) ? [] : [{ other, at }]))
    const tooMany = others.length + 1 - this.#maxDone
    const oldest = tooMany > 0 ? others.sort((a, b) => (a.at < b.at ? -1 : 1)).slice(0, tooMany) : []
    return [
      putIn(this.#tombstones, String(id), { slave_id: slaveId, done_at: new Date().toISOString() }),
      ...oldest.map(({ other }) => deleteFrom(this.#tombstones, other)),
    ]
  }

  /** The writes that forget it: the id is another instance's from now on. */
  forget(instanceId: number): Write[] {
    return this.slaveOf(instanceId) === undefined ? [] : [deleteFrom(this.#tombstones, String(instanceId))]
  }

  /** The writes that forget all deletions from a slave. */
  forgetAllOf(slaveId: number): Write[] {
    return this.#tombstones.list().filter(({ value }) => value.slave_id === slaveId).map(({ id }) => deleteFrom(this.#tombstones, id))
  }
}
