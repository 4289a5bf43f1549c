/** A slave, as far as it can be told from others; those of other makes have no name for their data directory. */
export interface Place {
  readonly slave_id: number
  readonly data_directory_id?: string | null | undefined
}

type Directory = Pick<Place, 'data_directory_id'>

/** A slave that was given an instance and has, or may have, its data. */
export interface Holder extends Place {
  /** What the instance was called when it was given to the slave last; not on record of those that old versions have noted. */
  readonly name?: string
  /** Since when it need not be told to delete the instance: it has, or came without it, or was removed from the cluster. */
  readonly done_at?: string
}

/** Whether it is the same slave: by its number, or by its data directory, which it keeps when it joins anew. */
export function isSamePlace(a: Place, b: Place): boolean {
  return a.slave_id === b.slave_id || (typeof a.data_directory_id === 'string' && a.data_directory_id === b.data_directory_id)
}

/** Whether they are known to have data directories of their own, though the number be the same. */
export function isReplaced({ data_directory_id: a }: Directory, { data_directory_id: b }: Directory): boolean {
  return typeof a === 'string' && typeof b === 'string' && a !== b
}

/**
 * Whether what a slave brings is what it was given. Who is done has no such instance any more, and a slave's number or data
 * directory may have become another's: there the id can be that of another instance, so that the name must be the same as well.
 */
export function isWhatItHeld(holder: Holder, place: Place, name: string): boolean {
  if (!isSamePlace(holder, place)) return false
  const isSure = holder.done_at === undefined && !isReplaced(holder, place)
  return isSure || holder.name === undefined || holder.name === name
}

/** The holders with a slave that has the instance, whatever was known of it. */
export function heldAlsoBy(holders: readonly Holder[], { slave_id: slaveId, data_directory_id: directory }: Place, name: string): Holder[] {
  const own: Holder = { slave_id: slaveId, name, ...(typeof directory === 'string' ? { data_directory_id: directory } : {}) }
  return [...holders.filter((holder) => !isSamePlace(holder, own)), own]
}

/** The holders with others that may be among them already; what is known of one that is done stays so. */
export function withHolders(known: readonly Holder[], more: readonly Holder[]): Holder[] {
  const isKnownAnew = (holder: Holder): boolean => more.some((other) => isSamePlace(holder, other))
  const doneAt = (holder: Holder): Pick<Holder, 'done_at'> => {
    const at = known.find((other) => isSamePlace(other, holder))?.done_at
    return at === undefined ? {} : { done_at: at }
  }
  return [...known.filter((holder) => !isKnownAnew(holder)), ...more.map((holder) => ({ ...doneAt(holder), ...holder }))]
}

/** The holders, of which those that `isDone` names need not be told any more. */
export function withDone(holders: readonly Holder[], isDone: (holder: Holder) => boolean, at = new Date().toISOString()): Holder[] {
  return holders.map((holder) => (holder.done_at === undefined && isDone(holder) ? { ...holder, done_at: at } : holder))
}
