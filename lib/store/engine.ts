/** One document as an engine keeps it; a body of null deletes it. */
export interface StoredRow {
  readonly collection: string
  readonly id: string
  readonly revision: number
  readonly body: string | null
}

/** What makes rows durable. Memory, staging and revisions are the same for every engine and stand above it. */
export interface Engine {
  /**
   * Writes all rows or none, and with them the last revision number given out. Resolves when they are durable,
   * rejects with a ClusterError when nothing was written. Called again only after it has settled.
   */
  write(rows: readonly StoredRow[], lastRevision: number): Promise<void>
  /** Releases what the engine holds; called once, when no write is under way. */
  close(): Promise<void>
}
