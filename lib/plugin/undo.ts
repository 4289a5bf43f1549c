import { ClusterError } from '../errors/cluster-error.ts'
import { withDeadline } from '../net/with-deadline.ts'

const defaultDeadlineMs = 5_000
/** What a step has at least: those before it may have used the time up. */
const leastMs = 50

/** What has to be undone when a plugin, or a part of it, stops. */
export class UndoList {
  readonly #steps = new Set<() => unknown>()
  readonly #deadlineMs: number
  /** Present once all is undone, or about to be. */
  #onError: ((error: unknown) => void) | undefined

  /** `deadlineMs` is what all steps together may take. */
  constructor(deadlineMs = defaultDeadlineMs) {
    this.#deadlineMs = deadlineMs
  }

  /** Whether all is undone, or about to be: nothing new should begin. */
  get isDone(): boolean {
    return this.#onError !== undefined
  }

  /** Adds a step and returns a function that does it now. Once all is undone, a step is done at once, and what it throws is reported as well. */
  add(step: () => unknown): () => void {
    const once = (): unknown => (this.#steps.delete(once) ? step() : undefined)
    this.#steps.add(once)
    if (this.#onError) void this.#undo(once, this.#deadlineMs, this.#onError)
    return () => { void once() }
  }

  /** Undoes everything, last first. A step that throws, or is not done when the time for all is over, is reported and left. */
  async run(onError: (error: unknown) => void): Promise<void> {
    this.#onError = onError
    const end = performance.now() + this.#deadlineMs
    for (const step of [...this.#steps].toReversed()) await this.#undo(step, Math.max(end - performance.now(), leastMs), onError)
  }

  async #undo(step: () => unknown, leftMs: number, onError: (error: unknown) => void): Promise<void> {
    try {
      await withDeadline(Promise.resolve(step()), leftMs, () => new ClusterError('deadline', `stopping took longer than ${this.#deadlineMs / 1_000} s`))
    } catch (error) {
      onError(error)
    }
  }
}
