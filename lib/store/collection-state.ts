import type { Change, Document } from './store.ts'

/** One write on its way to the disk. */
export interface StagedWrite {
  readonly state: CollectionState
  readonly id: string
  readonly expectedRevision: number | undefined
  /** The JSON to store, or null to delete. */
  readonly body: string | null
  readonly value: unknown
  /** Set when the write is staged, at once for an imported one; 0 where there is nothing to do. */
  revision: number
}

/** The documents of one collection in memory, and above them what is staged but not durable yet. */
export class CollectionState {
  readonly name: string
  readonly #documents = new Map<string, Document<unknown>>()
  readonly #staged = new Map<string, StagedWrite>()
  readonly #listeners = new Set<(change: Change<unknown>) => void>()
  #sortedIds: string[] | undefined

  constructor(name: string) {
    this.name = name
  }

  get isEmpty(): boolean {
    return this.#documents.size === 0 && this.#staged.size === 0
  }

  get(id: string): Document<unknown> | undefined {
    return this.#documents.get(id)
  }

  list(): Document<unknown>[] {
    this.#sortedIds ??= [...this.#documents.keys()].sort(byCodeUnit)
    const documents: Document<unknown>[] = []
    for (const id of this.#sortedIds) {
      const found = this.#documents.get(id)
      if (found) documents.push(found)
    }
    return documents
  }

  watch(listener: (change: Change<unknown>) => void): () => void {
    // A function of its own, so that the same listener can watch twice.
    const entry = (change: Change<unknown>): void => listener(change)
    this.#listeners.add(entry)
    return () => this.#listeners.delete(entry)
  }

  /** The revision that the document will have when all that is staged is durable; 0 if there will be none. */
  stagedRevision(id: string): number {
    const staged = this.#staged.get(id)
    if (staged) return staged.body === null ? 0 : staged.revision
    return this.#documents.get(id)?.revision ?? 0
  }

  hasStaged(id: string): boolean {
    return this.#staged.has(id)
  }

  stage(write: StagedWrite): void {
    this.#staged.set(write.id, write)
  }

  dropStaged(): void {
    this.#staged.clear()
  }

  /** Shows a durable document to readers, without telling the listeners. */
  load(id: string, revision: number, value: unknown): void {
    if (!this.#documents.has(id)) this.#sortedIds = undefined
    this.#documents.set(id, Object.freeze({ id, revision, value }))
  }

  /** Shows a staged write, now durable, to readers. */
  apply(write: StagedWrite): void {
    if (this.#staged.get(write.id) === write) this.#staged.delete(write.id)
    if (write.body !== null) return this.load(write.id, write.revision, write.value)
    this.#documents.delete(write.id)
    this.#sortedIds = undefined
  }

  tellListeners({ id, revision, body, value }: StagedWrite): void {
    if (this.#listeners.size === 0) return
    const change = Object.freeze({ id, revision, value: body === null ? undefined : value })
    for (const listener of Array.from(this.#listeners)) {
      if (!this.#listeners.has(listener)) continue
      try {
        listener(change)
      } catch (thrown) {
        // The write is durable and must be confirmed whatever its watchers do.
        process.emitWarning(`A listener of the collection ${this.name} failed: ${thrown instanceof Error ? thrown.stack : String(thrown)}`)
      }
    }
  }
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
