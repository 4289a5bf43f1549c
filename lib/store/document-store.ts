import { ClusterError } from '../errors/cluster-error.ts'
import { CollectionState } from './collection-state.ts'
import type { StagedWrite } from './collection-state.ts'
import type { Engine, StoredRow } from './engine.ts'
import { storedValue } from './json-value.ts'
import { checkCollectionName, checkId } from './keys.ts'
import { readLines, toLine } from './lines.ts'
import type { Collection, Store, Write } from './store.ts'
import { deleteFrom, putIn } from './store.ts'
import { WriteGroup } from './write-group.ts'
import { WriteQueue } from './write-queue.ts'

/** A row as it was found when the store was opened. */
export type LoadedRow = Omit<StoredRow, 'body'> & { readonly value: unknown }

/** A store that has all documents in memory and makes them durable with an engine. */
export class DocumentStore implements Store {
  readonly #engine: Engine
  readonly #states = new Map<string, CollectionState>()
  readonly #queue: WriteQueue
  #closed: Promise<void> | undefined

  constructor(engine: Engine, { rows = [], lastRevision = 0 }: { rows?: Iterable<LoadedRow>; lastRevision?: number } = {}) {
    this.#engine = engine
    for (const { collection, id, revision, value } of rows) this.#state(collection).load(id, revision, value)
    const states = this.#states
    this.#queue = new WriteQueue(engine, {
      isEmpty: () => [...states.values()].every((state) => state.isEmpty),
      dropStaged: () => states.forEach((state) => state.dropStaged()),
    }, lastRevision)
  }

  collection<T>(name: string): Collection<T> {
    checkCollectionName(name)
    const state = this.#state(name)
    const collection: Collection<unknown> = {
      name,
      get: (id) => state.get(id),
      list: () => state.list(),
      put: (id, value, options) => this.#write(putIn(collection, id, value, options)),
      delete: async (id, options) => await this.#write(deleteFrom(collection, id, options)) > 0,
      watch: (listener) => state.watch(listener),
    }
    // The one place where the caller's word is taken for what a collection holds.
    return collection as Collection<T>
  }

  async batch(writes: readonly Write[]): Promise<number[]> {
    if (writes.length === 0) return []
    const staged = writes.map((write) => this.#toStaged(write))
    checkNamedOnce(staged)
    return this.#queue.commit(new WriteGroup(staged))
  }

  export(): Iterable<string> {
    const snapshot = [...this.#states.values()]
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map((state) => ({ name: state.name, documents: state.list() }))
    return (function* lines() {
      for (const { name, documents } of snapshot) {
        for (const document of documents) yield toLine(name, document)
      }
    })()
  }

  async import(lines: Iterable<string> | AsyncIterable<string>): Promise<number> {
    const documents = await readLines(lines)
    const writes = documents.map(({ collection, ...document }): StagedWrite => {
      return { ...document, state: this.#state(collection), expectedRevision: 0 }
    })
    await this.#queue.commit(new WriteGroup(writes, { isImport: true }))
    return writes.length
  }

  close(): Promise<void> {
    this.#closed ??= this.#queue.close().then(() => this.#engine.close())
    return this.#closed
  }

  /** Rejects all pending and all later writes with the error; reading goes on. */
  fail(error: ClusterError): void {
    this.#queue.fail(error)
  }

  /** One write on its own: the revision that it gave. */
  async #write(write: Write): Promise<number> {
    const [revision = 0] = await this.batch([write])
    return revision
  }

  #toStaged({ collection, id, put, expectedRevision }: Write): StagedWrite {
    checkCollectionName(collection)
    checkId(id)
    const state = this.#state(collection)
    if (put === null) return { state, id, expectedRevision, body: null, value: undefined, revision: 0 }
    return { state, id, expectedRevision, revision: 0, ...storedValue(put.value) }
  }

  #state(name: string): CollectionState {
    let state = this.#states.get(name)
    if (!state) this.#states.set(name, (state = new CollectionState(name)))
    return state
  }
}

function checkNamedOnce(writes: readonly StagedWrite[]): void {
  if (writes.length < 2) return
  const keys = new Set<string>()
  for (const { state, id } of writes) {
    const key = `${state.name}\0${id}`
    if (keys.has(key)) {
      throw new ClusterError('invalid_request', `Cannot write a batch that names ${state.name} "${id}" twice; write it once`)
    }
    keys.add(key)
  }
}
