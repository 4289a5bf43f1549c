import type { ClusterError } from '../errors/cluster-error.ts'
import type { StagedWrite } from './collection-state.ts'

/** Writes that become durable together or not at all, and the promise of the one who asked for them. */
export class WriteGroup {
  readonly writes: readonly StagedWrite[]
  /** Whether the writes bring their revisions with them and need an empty store. */
  readonly isImport: boolean
  readonly characters: number
  readonly promise: Promise<number[]>
  resolve!: (revisions: number[]) => void
  reject!: (error: ClusterError) => void

  constructor(writes: readonly StagedWrite[], { isImport = false } = {}) {
    this.writes = writes
    this.isImport = isImport
    this.characters = writes.reduce((sum, { body }) => sum + (body?.length ?? 0), 0)
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
    })
  }

  /** Resolves when the group is durable or has failed; never rejects. */
  get settled(): Promise<void> {
    return this.promise.then(() => {}, () => {})
  }
}
