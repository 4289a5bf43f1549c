import type { Collection } from '../../lib/plugin.ts'

interface IdRecord { readonly id: number }

/** Key of the highest id that was ever given; services' keys have a colon. */
const lastKey = 'last'

/** Ids of services, unique over all kinds. They are on record: the same service has the same id after a restart, and no other ever gets it. */
export class ServiceIds {
  readonly #records: Collection<IdRecord>
  readonly #assigning = new Map<string, Promise<number>>()
  #last: number

  constructor(records: Collection<IdRecord>) {
    this.#records = records
    this.#last = Math.max(0, ...records.list().map(({ value }) => value.id))
  }

  /** Keys of all services that have an id on record. */
  keys(): string[] {
    return this.#records.list().map(({ id }) => id).filter((key) => key !== lastKey)
  }

  find(key: string): number | undefined {
    return this.#records.get(key)?.value.id
  }

  /** The service's id, once it is on record. Throws what the store throws. */
  async assign(key: string): Promise<number> {
    const present = this.find(key) ?? this.#assigning.get(key)
    if (present !== undefined) return present
    const assigning = this.#assign(key).finally(() => this.#assigning.delete(key))
    this.#assigning.set(key, assigning)
    return assigning
  }

  /** The service is gone for good. */
  async forget(key: string): Promise<void> {
    await this.#records.delete(key)
  }

  async #assign(key: string): Promise<number> {
    this.#last += 1
    const id = this.#last
    await Promise.all([this.#records.put(lastKey, { id }), this.#records.put(key, { id })])
    return id
  }
}
