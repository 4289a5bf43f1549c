import { ClusterError } from '../../lib/errors/cluster-error.ts'

export interface OutcomesOptions {
  /** Keys that are remembered of one instance. */
  readonly maxKeys?: number
  readonly keepMs?: number
  readonly now?: () => number
}

interface Outcome {
  readonly request: string
  readonly answer: Promise<unknown>
  readonly at: number
}

/**
 * What became of requests that carry an idempotency key, so that one that is sent again after a doubtful end is not
 * done twice. In memory: a slave that was restarted knows none of those before.
 */
export class Outcomes {
  readonly #maxKeys: number
  readonly #keepMs: number
  readonly #now: () => number
  readonly #byInstance = new Map<number, Map<string, Outcome>>()
  #sweptAt = 0

  constructor({ maxKeys = 1_000, keepMs = 600_000, now = Date.now }: OutcomesOptions = {}) {
    this.#maxKeys = maxKeys
    this.#keepMs = keepMs
    this.#now = now
  }

  /**
   * Does the work, unless a request of this instance with the same key was done before or is being done: then its
   * outcome, an error too. Throws `conflict` when that request was another one.
   */
  once(instanceId: number, key: string, request: string, work: () => Promise<unknown>): Promise<unknown> {
    this.#sweep()
    const outcomes = this.#byInstance.get(instanceId) ?? new Map<string, Outcome>()
    this.#byInstance.set(instanceId, outcomes)
    const earlier = outcomes.get(key)
    if (earlier && this.#now() - earlier.at < this.#keepMs) {
      if (earlier.request === request) return earlier.answer
      return Promise.reject(new ClusterError('conflict', 'The idempotency key was used for another request; take a new key for each'))
    }
    outcomes.delete(key)
    const answer = work()
    answer.catch(() => {})
    outcomes.set(key, { request, answer, at: this.#now() })
    for (const oldest of outcomes.keys()) {
      if (outcomes.size <= this.#maxKeys) break
      outcomes.delete(oldest)
    }
    return answer
  }

  // Instances that are asked nothing any more must not hold on to their answers.
  #sweep(): void {
    const now = this.#now()
    if (now - this.#sweptAt < this.#keepMs) return
    this.#sweptAt = now
    for (const [id, outcomes] of this.#byInstance) {
      for (const [key, { at }] of outcomes) if (now - at >= this.#keepMs) outcomes.delete(key)
      if (outcomes.size === 0) this.#byInstance.delete(id)
    }
  }
}
