import { deleteFrom, putIn } from '../../lib/store/store.ts'
import type { Collection, Store, Write } from '../../lib/store/store.ts'
import { isSamePlace, isWhatItHeld, withDone, withHolders } from './holders.ts'
import type { Holder, Place } from './holders.ts'

interface Tombstone {
  readonly holders: readonly Holder[]
}

/** As versions wrote it that knew of one slave only. */
type Stored = Tombstone | Holder

/** Of more deletions that are done everywhere it is not kept whether their slaves bring the instances again. */
const maxDone = 10_000

/**
 * Instances that were deleted, with all slaves that held them. Those that slaves have yet to delete keep their ids; the others
 * are remembered too, for a slave that brings one in spite of what it said. The writes fail with `conflict` where others came before.
 */
export class Tombstones {
  readonly #tombstones: Collection<Stored>
  readonly #maxDone: number

  constructor(store: Store, max = maxDone) {
    this.#tombstones = store.collection<Stored>('deleted_instances')
    this.#maxDone = max
  }

  /** Whether an instance with this id was deleted, or is to be. */
  has(instanceId: number): boolean {
    return this.#tombstones.get(String(instanceId)) !== undefined
  }

  /** Whether what a slave brings by this id and name is what was deleted, or is to be. */
  covers(instanceId: number, place: Place, name: string): boolean {
    return this.#holdersOf(instanceId).some((holder) => isWhatItHeld(holder, place, name))
  }

  /** The slaves that are still to be told, or to say that they are done. */
  pending(instanceId: number): Holder[] {
    return this.#holdersOf(instanceId).filter(isPending)
  }

  /** Those that a slave is still to delete. */
  pendingOf(slaveId: number): number[] {
    return this.#all().filter(({ holders }) => holders.some((holder) => isPending(holder) && holder.slave_id === slaveId)).map(({ id }) => Number(id))
  }

  /** The writes that have slaves delete an instance, now or when they are back, but for those that `isDone` names; none where none holds it. */
  bury(instanceId: number, holders: readonly Holder[], isDone: (holder: Holder) => boolean = () => false): Write[] {
    const all = withDone(withHolders(this.#holdersOf(instanceId), holders), isDone)
    if (all.length === 0) return []
    return [this.#put(String(instanceId), all), ...(all.some(isPending) ? [] : this.#excess(instanceId))]
  }

  /** The writes that note that a slave does not have an instance any more; the oldest such notes go. */
  done(instanceId: number, place: Place): Write[] {
    return this.bury(instanceId, [], (holder) => isSamePlace(holder, place))
  }

  /** The writes that forget it: the id is another instance's from now on. */
  forget(instanceId: number): Write[] {
    return this.has(instanceId) ? [deleteFrom(this.#tombstones, String(instanceId))] : []
  }

  /**
   * The writes that wait no longer for a slave that is removed. Should it come again, as what slave ever, with what it was to
   * delete, it is still to; where its number might be another's by then, and no name is on record, it is forgotten.
   */
  release(slaveId: number): Write[] {
    const isOfIt = (holder: Holder): boolean => holder.slave_id === slaveId
    const isAffected = ({ holders }: Tombstone): boolean => holders.some((holder) => isOfIt(holder) && (isPending(holder) || holder.name === undefined))
    return this.#all().filter(isAffected).map(({ id, holders }) => {
      const rest = withDone(holders, isOfIt).filter((holder) => !isOfIt(holder) || holder.name !== undefined)
      return rest.length === 0 ? deleteFrom(this.#tombstones, id) : this.#put(id, rest)
    })
  }

  /** The writes that forget the oldest of those that are done, to make room for one more. */
  #excess(instanceId: number): Write[] {
    const done = this.#all().filter(({ id, holders }) => id !== String(instanceId) && !holders.some(isPending))
    const tooMany = done.length + 1 - this.#maxDone
    if (tooMany <= 0) return []
    const oldest = done.map(({ id, holders }) => ({ id, at: lastOf(holders) })).sort((a, b) => (a.at < b.at ? -1 : 1)).slice(0, tooMany)
    return oldest.map(({ id }) => deleteFrom(this.#tombstones, id))
  }

  #put(id: string, holders: readonly Holder[]): Write {
    return putIn(this.#tombstones, id, { holders }, { expectedRevision: this.#tombstones.get(id)?.revision ?? 0 })
  }

  #holdersOf(instanceId: number): readonly Holder[] {
    const found = this.#tombstones.get(String(instanceId))
    return found ? holdersIn(found.value) : []
  }

  #all(): Array<{ id: string; holders: readonly Holder[] }> {
    return this.#tombstones.list().map(({ id, value }) => ({ id, holders: holdersIn(value) }))
  }
}

function holdersIn(stored: Stored): readonly Holder[] {
  return 'holders' in stored ? stored.holders : [stored]
}

function isPending({ done_at: at }: Holder): boolean {
  return at === undefined
}

function lastOf(holders: readonly Holder[]): string {
  return holders.reduce((last, { done_at: at = '' }) => (at > last ? at : last), '')
}
