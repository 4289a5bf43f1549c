import { resolve } from 'node:path'
import type { ClusterError } from '../errors/cluster-error.ts'
import { DocumentStore } from './document-store.ts'
import type { LoadedRow } from './document-store.ts'
import type { StoredRow } from './engine.ts'
import { parseFrozen } from './json-value.ts'
import { damaged } from './sqlite-errors.ts'
import type { Store } from './store.ts'
import { WorkerEngine } from './worker-engine.ts'
import { storeWorkerUrl } from './worker-url.ts'

export interface SqliteStoreOptions {
  /** Path of the database file; it and its folder are made if missing, for this user only. */
  readonly file: string
  /**
   * Called once if the store fails for good, because its thread ended or the disk hangs or lies. All that was pending
   * is rejected, later writes are too; reading goes on. The program should say so and end, to be started again.
   */
  readonly onFailure?: (error: ClusterError) => void
  /** How long the disk may take to open and check the file; 120 s by default. */
  readonly openTimeoutMs?: number
  /** How long the disk may take for one commit; 60 s by default. */
  readonly writeTimeoutMs?: number
  /** The worker to run instead of our own. */
  readonly workerUrl?: URL
}

/**
 * Opens a database file, for this process alone, and reads all of it into memory. Rejects with `database_in_use` if
 * another has it open, `disk_full`, or `store_failed` if it cannot be opened, is damaged or is not Corral's.
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const { onFailure = () => {}, openTimeoutMs = 120_000, writeTimeoutMs = 60_000, workerUrl = storeWorkerUrl() } = options
  const file = resolve(options.file)
  const rows: LoadedRow[] = []
  const { engine, lastRevision } = await WorkerEngine.open({
    file,
    workerUrl,
    openTimeoutMs,
    writeTimeoutMs,
    onRows: (portion) => {
      for (const row of portion) rows.push(loadedRow(file, row))
    },
  })
  const store = new DocumentStore(engine, { rows, lastRevision })
  engine.onFailure = (error) => {
    store.fail(error)
    onFailure(error)
  }
  return store
}

function loadedRow(file: string, { collection, id, revision, body }: StoredRow & { readonly body: string }): LoadedRow {
  try {
    return { collection, id, revision, value: parseFrozen(body) }
  } catch (cause) {
    throw damaged(file, `the document "${id}" of ${collection} is not JSON`, cause)
  }
}
