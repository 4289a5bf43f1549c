import type { ErrorOnWire } from '../errors/cluster-error.ts'
import type { StoredRow } from './engine.ts'

/** What the worker is started with. */
export interface WorkerStart {
  readonly file: string
}

/** To the worker; a write is sent only when the one before it is answered. */
export type ToWorker =
  | { readonly kind: 'write'; readonly rows: readonly StoredRow[]; readonly lastRevision: number }
  | { readonly kind: 'close' }

/** From the worker: `rows` and `opened`, or `failed`; then one answer to each write. After `isFinal` it has ended. */
export type FromWorker =
  | { readonly kind: 'rows'; readonly rows: readonly (StoredRow & { readonly body: string })[] }
  | { readonly kind: 'opened'; readonly lastRevision: number }
  | { readonly kind: 'written' }
  | { readonly kind: 'failed'; readonly error: ErrorOnWire; readonly isFinal: boolean }
