import { ClusterError } from '../errors/cluster-error.ts'
import type { StagedWrite } from './collection-state.ts'
import type { Engine } from './engine.ts'
import type { WriteGroup } from './write-group.ts'

/** Of one commit; a group is never split, so a larger one goes alone. */
const commitLimits = { writes: 1024, characters: 8 * 1024 * 1024 }
/** Of what waits for the disk. */
const pendingLimits = { writes: 100_000, characters: 64 * 1024 * 1024 }

/** What the queue needs of the store that owns it. */
export interface StagingArea {
  isEmpty(): boolean
  dropStaged(): void
}

/**
 * Group commit: one commit is with the engine, what arrives meanwhile is the next. Expected revisions are checked
 * against what is staged, so a commit cannot fail for a conflict and of two writes that expect the same one wins.
 */
export class WriteQueue {
  readonly #engine: Engine
  readonly #area: StagingArea
  #lastRevision: number
  #waiting: WriteGroup[] = []
  #inFlight: WriteGroup[] = []
  #pending = { writes: 0, characters: 0 }
  #isScheduled = false
  #refusal: ClusterError | undefined

  constructor(engine: Engine, area: StagingArea, lastRevision: number) {
    this.#engine = engine
    this.#area = area
    this.#lastRevision = lastRevision
  }

  /** Stages the group now; resolves with the revisions when it is durable. */
  async commit(group: WriteGroup): Promise<number[]> {
    if (this.#refusal) throw this.#refusal
    this.#checkRoom(group)
    const conflict = this.#stage(group)
    if (conflict) {
      // Whoever reads again must see what this write lost against, or a loop of retries would never let it arrive.
      if (conflict.isWithStaged) await this.#newest?.settled
      throw conflict.error
    }
    this.#waiting.push(group)
    this.#pending.writes += group.writes.length
    this.#pending.characters += group.characters
    this.#schedule()
    return group.promise
  }

  /** Rejects all that is pending; the queue takes nothing more. */
  fail(error: ClusterError): void {
    this.#refusal = error
    for (const group of [...this.#inFlight, ...this.#waiting.splice(0)]) group.reject(error)
    this.#area.dropStaged()
  }

  /** Takes no more writes; resolves when those under way are settled. */
  async close(): Promise<void> {
    this.#refusal ??= new ClusterError('shutting_down', 'Cannot write: the store is being closed; start the program again')
    await this.#newest?.settled
  }

  get #newest(): WriteGroup | undefined {
    return this.#waiting.at(-1) ?? this.#inFlight.at(-1)
  }

  #checkRoom(group: WriteGroup): void {
    // With nothing pending there is room for anything, an import above all.
    const { writes, characters } = this.#pending
    if (writes === 0) return
    if (writes + group.writes.length <= pendingLimits.writes && characters + group.characters <= pendingLimits.characters) return
    throw new ClusterError('overloaded', `Cannot write: ${writes} writes wait for the disk already; try again later`, {
      details: { limit: 'pending writes of the store' },
    })
  }

  #stage(group: WriteGroup): { error: ClusterError; isWithStaged: boolean } | undefined {
    if (group.isImport && !this.#area.isEmpty()) {
      const error = new ClusterError('conflict', 'Cannot import: the store has documents already; use a new database file')
      return { error, isWithStaged: true }
    }
    const loser = group.writes.find((write) => {
      return write.expectedRevision !== undefined && write.expectedRevision !== write.state.stagedRevision(write.id)
    })
    if (loser) return { error: conflictOf(loser), isWithStaged: loser.state.hasStaged(loser.id) }
    for (const write of group.writes) {
      if (group.isImport) this.#lastRevision = Math.max(this.#lastRevision, write.revision)
      else write.revision = isNothing(write) ? 0 : ++this.#lastRevision
      if (write.revision > 0) write.state.stage(write)
    }
    return undefined
  }

  #schedule(): void {
    if (this.#isScheduled || this.#inFlight.length > 0 || this.#waiting.length === 0) return
    this.#isScheduled = true
    // A tick comes after all microtasks: the writers that the last commit woke are in the next one together.
    process.nextTick(() => {
      this.#isScheduled = false
      void this.#commitNext()
    })
  }

  async #commitNext(): Promise<void> {
    const groups = this.#takeNext()
    if (groups.length === 0) return
    this.#inFlight = groups
    const writes = groups.flatMap((group) => group.writes).filter((write) => write.revision > 0)
    const rows = writes.map(({ state, id, revision, body }) => ({ collection: state.name, id, revision, body }))
    let error: ClusterError | undefined
    try {
      if (rows.length > 0) await this.#engine.write(rows, this.#lastRevision)
    } catch (thrown) {
      error = ClusterError.from(thrown)
    }
    this.#inFlight = []
    for (const group of groups) this.#forget(group)
    if (error) this.#undo(groups, error)
    else confirm(groups, writes)
    this.#schedule()
  }

  #takeNext(): WriteGroup[] {
    let count = 0
    let writes = 0
    let characters = 0
    for (const group of this.#waiting) {
      writes += group.writes.length
      characters += group.characters
      if (count > 0 && (writes > commitLimits.writes || characters > commitLimits.characters)) break
      count++
    }
    return this.#waiting.splice(0, count)
  }

  /** After a failed commit memory is the truth again: what waits is staged anew, and what no longer fits fails too. */
  #undo(groups: WriteGroup[], error: ClusterError): void {
    for (const group of groups) group.reject(error)
    this.#area.dropStaged()
    this.#waiting = this.#waiting.filter((group) => {
      if (!this.#stage(group)) return true
      group.reject(error)
      this.#forget(group)
      return false
    })
  }

  #forget(group: WriteGroup): void {
    this.#pending.writes -= group.writes.length
    this.#pending.characters -= group.characters
  }
}

function confirm(groups: WriteGroup[], writes: StagedWrite[]): void {
  for (const write of writes) write.state.apply(write)
  for (const write of writes) write.state.tellListeners(write)
  for (const group of groups) group.resolve(group.writes.map((write) => write.revision))
}

function isNothing(write: StagedWrite): boolean {
  return write.body === null && write.state.stagedRevision(write.id) === 0
}

function conflictOf({ state, id, expectedRevision }: StagedWrite): ClusterError {
  const revision = state.stagedRevision(id)
  const found = revision === 0 ? 'does not exist' : `has revision ${revision}`
  const wanted = expectedRevision === 0 ? 'it was not to exist' : `revision ${expectedRevision} was expected`
  return new ClusterError('conflict', `Cannot write ${state.name} "${id}": it ${found}, ${wanted}; read it again and retry`, {
    details: { collection: state.name, id, revision, expectedRevision },
  })
}
