/**
 * A stored value and the revision that wrote it. Both are frozen, the value deeply: to change a document, put a new
 * value. A value is what JSON makes of the one that was put: no `undefined`, no Date.
 */
export interface Document<T> {
  readonly id: string
  readonly revision: number
  readonly value: T
}

/** A write that has become durable; `value` is undefined where it deleted the document. */
export interface Change<T> {
  readonly id: string
  readonly revision: number
  readonly value: T | undefined
}

export interface WriteOptions {
  /** Write only if the document has this revision; 0 means that it must not exist. */
  readonly expectedRevision?: number
}

/** One write of a batch; made by `putIn` and `deleteFrom`. */
export interface Write extends WriteOptions {
  readonly collection: string
  readonly id: string
  /** The new value in a box, or null to delete. */
  readonly put: { readonly value: unknown } | null
}

/**
 * Documents of one kind. Reads are answered from memory, at once, and show durable values only.
 *
 * Every write, of any collection, takes the next revision number of its store: a number is never used twice, so a
 * document that was deleted and made anew cannot be mistaken for the old one.
 *
 * An id has 1 to 256 UTF-16 units, no NUL and no lone surrogate; a value is JSON, at most 100 levels deep.
 *
 * Writes reject with `conflict` (the revision is not the expected one), `invalid_request` (id or value), `too_large`
 * (value), `disk_full`, `store_failed`, `overloaded` (too much waits for the disk) or `shutting_down`. A rejection
 * with `conflict` comes only after the write that it lost against has been decided: read again and retry.
 */
export interface Collection<T> {
  readonly name: string
  get(id: string): Document<T> | undefined
  /** All documents, by id in the order of `<`. */
  list(): Document<T>[]
  /** Resolves with the new revision when the value would survive a power cut. */
  put(id: string, value: T, options?: WriteOptions): Promise<number>
  /** Resolves when the document is gone for good, with whether there was one. */
  delete(id: string, options?: WriteOptions): Promise<boolean>
  /** Calls the listener for each durable change, in the order of writing, until the returned function is called. */
  watch(listener: (change: Change<T>) => void): () => void
}

/**
 * Typed collections of JSON documents. What a promise of the store has confirmed survives `kill -9` and a power cut.
 *
 * Batches are shaped for engines that can only compare-and-set one key: a batch names each document once and carries
 * whole values, and a document's revision tells which write made it. Such an engine stores the batch first, as one
 * intent under a key of its own with each document's revision and value before it; then writes the documents one by
 * one, each marked with the intent's key; then removes the intent. Whoever finds an intent left behind tells the
 * documents that are done (they bear the mark) from those that are not (they have the revision noted) and finishes
 * the rest; where a document has neither, someone was faster, and the marked ones get their noted values back.
 */
export interface Store {
  /**
   * The collection of this name, which begins with a letter and has up to 64 letters, digits, `.`, `-` and `_`.
   * The type is the caller's word: the store does not check values. Throws `invalid_request` for another name.
   */
  collection<T>(name: string): Collection<T>
  /**
   * Does all writes or none; a document may be named once. Resolves with a revision for each, 0 for the deletion of
   * what was not there. Rejects like the writes of a collection.
   */
  batch(writes: readonly Write[]): Promise<number[]>
  /** What is durable now as lines of JSON, `{collection, id, revision, value}`, without line ends. */
  export(): Iterable<string>
  /**
   * Takes exported lines into an empty store, all or none, and resolves with their number. Blank lines are skipped.
   * Rejects with `malformed` (`details.line` counts from 1), `conflict` if the store is not empty, or like a write.
   */
  import(lines: Iterable<string> | AsyncIterable<string>): Promise<number>
  /** Finishes the writes under way, takes no more, and releases the files. May be called again. */
  close(): Promise<void>
}

/** A put as a member of a batch. */
export function putIn<T>(collection: Collection<T>, id: string, value: T, options: WriteOptions = {}): Write {
  return { ...options, collection: collection.name, id, put: { value } }
}

/** A deletion as a member of a batch. */
export function deleteFrom<T>(collection: Collection<T>, id: string, options: WriteOptions = {}): Write {
  return { ...options, collection: collection.name, id, put: null }
}
