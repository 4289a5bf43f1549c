import type { Collection } from '../../lib/store/store.ts'

interface Indexed {
  readonly id: number
  readonly name: string
  readonly slave_id: number | null
  readonly created_with: { readonly key: string } | null
}

/** Finds instances without going through all of them, which with thousands of slaves would be done at every turn. */
export class InstanceIndex {
  readonly #indexed = new Map<number, Indexed>()
  readonly #bySlave = new IdSets<number>()
  readonly #byName = new IdSets<string>()
  readonly #byKey = new Map<string, number>()

  /** Follows the collection from now on; whoever watches it later finds the index up to date. */
  constructor(instances: Collection<Indexed>) {
    for (const { value } of instances.list()) this.#put(value)
    instances.watch(({ id, value }) => {
      this.#remove(Number(id))
      if (value) this.#put(value)
    })
  }

  /** Ids of a slave's instances, in their order. */
  ofSlave(slaveId: number): number[] {
    return this.#bySlave.get(slaveId)
  }

  /** How many instances a slave has. */
  countOf(slaveId: number): number {
    return this.#bySlave.count(slaveId)
  }

  /** Ids of the instances of a name, in their order: those of other programs may share one. */
  named(name: string): number[] {
    return this.#byName.get(name)
  }

  /** The instance that a request with this idempotency key has made. */
  madeWith(key: string): number | undefined {
    return this.#byKey.get(key)
  }

  #put(record: Indexed): void {
    const { id, name, slave_id: slaveId, created_with: origin } = record
    this.#indexed.set(id, record)
    this.#byName.add(name, id)
    if (slaveId !== null) this.#bySlave.add(slaveId, id)
    if (origin) this.#byKey.set(origin.key, id)
  }

  #remove(id: number): void {
    const record = this.#indexed.get(id)
    if (!record) return
    const { name, slave_id: slaveId, created_with: origin } = record
    this.#indexed.delete(id)
    this.#byName.remove(name, id)
    if (slaveId !== null) this.#bySlave.remove(slaveId, id)
    if (origin) this.#byKey.delete(origin.key)
  }
}

/** Sets of ids by a key; those that are empty are not kept. */
class IdSets<Key> {
  readonly #sets = new Map<Key, Set<number>>()

  get(key: Key): number[] {
    return [...(this.#sets.get(key) ?? [])].sort((a, b) => a - b)
  }

  count(key: Key): number {
    return this.#sets.get(key)?.size ?? 0
  }

  add(key: Key, id: number): void {
    const ids = this.#sets.get(key) ?? new Set()
    this.#sets.set(key, ids.add(id))
  }

  remove(key: Key, id: number): void {
    const ids = this.#sets.get(key)
    ids?.delete(id)
    if (ids?.size === 0) this.#sets.delete(key)
  }
}
