import { createHash } from 'node:crypto'
import { ClusterError } from '../errors/cluster-error.ts'
import type { RequestDefinition } from './define.ts'
import type { RequestMessage } from './message.ts'
import { Payload } from './payload.ts'

export interface OutcomesOptions {
  /** Memory that all outcomes may take together. */
  readonly maxBytes?: number
  readonly keepMs?: number
  readonly now?: () => number
}

/** A request as it is told from others: keys of different scopes have nothing to do with each other. */
interface KeyedRequest extends Pick<RequestMessage, 'key' | 'data'> {
  readonly scope: string
}

/** How long an outcome is kept. */
export const defaultKeepMs = 600_000

interface Outcome {
  readonly digest: string
  readonly answer: Promise<unknown>
  readonly at: number
  bytes: number
  isPending: boolean
}

/** What an outcome takes beside its key and its answer. */
const overheadBytes = 1_000

/**
 * What became of requests that carry an idempotency key, so that one that is sent again after a doubtful end is not
 * done twice. In memory: a program that was restarted knows none of those before.
 */
export class Outcomes {
  readonly #maxBytes: number
  readonly #keepMs: number
  readonly #now: () => number
  /** The oldest first. */
  readonly #outcomes = new Map<string, Outcome>()
  #bytes = 0

  constructor({ maxBytes = 33_554_432, keepMs = defaultKeepMs, now = Date.now }: OutcomesOptions = {}) {
    this.#maxBytes = maxBytes
    this.#keepMs = keepMs
    this.#now = now
  }

  /**
   * Does the work, unless a request of the same scope and key was done before or is being done: then its outcome, an error
   * too, but for one after which it may be tried again. What changes nothing is done each time: nothing of it is kept.
   * Throws `conflict` when the earlier request was another one.
   */
  once(definition: RequestDefinition, { scope, key, data }: KeyedRequest, work: () => Promise<unknown>): Promise<unknown> {
    if (!isKept(definition, key)) return work()
    this.#sweep()
    const name = `${scope} ${key}`
    const digest = digestOf(definition, data)
    const earlier = this.#outcomes.get(name)
    if (!earlier) return this.#begin(name, digest, work())
    return earlier.digest === digest ? earlier.answer : Promise.reject(keyInUse())
  }

  #begin(name: string, digest: string, answer: Promise<unknown>): Promise<unknown> {
    const outcome: Outcome = { digest, answer, at: this.#now(), bytes: overheadBytes + 2 * name.length, isPending: true }
    this.#outcomes.set(name, outcome)
    this.#bytes += outcome.bytes
    const settle = (result: unknown): void => {
      outcome.isPending = false
      if (this.#outcomes.get(name) !== outcome) return
      const bytes = sizeOf(result)
      outcome.bytes += bytes
      this.#bytes += bytes
      this.#shrink()
    }
    answer.then(settle, (thrown: unknown) => {
      const error = ClusterError.from(thrown)
      if (!error.isRetryable) settle(error.toWire())
      else if (this.#outcomes.get(name) === outcome) this.#forget(name)
    })
    this.#shrink()
    return answer
  }

  #sweep(): void {
    for (const [name, { at }] of this.#outcomes) {
      if (this.#now() - at < this.#keepMs) break
      this.#forget(name)
    }
  }

  // How many are being done at once is bounded by the link.
  #shrink(): void {
    if (this.#bytes <= this.#maxBytes) return
    for (const [name, { isPending }] of this.#outcomes) {
      if (isPending) continue
      this.#forget(name)
      if (this.#bytes <= this.#maxBytes) return
    }
  }

  #forget(name: string): void {
    this.#bytes -= this.#outcomes.get(name)?.bytes ?? 0
    this.#outcomes.delete(name)
  }
}

/** Whether the outcome of a request is kept: it changes something, and has a key to be known by. */
export function isKept({ isMutating }: Pick<RequestDefinition, 'isMutating'>, key: string | undefined): key is string {
  return isMutating === true && key !== undefined
}

/** Tells a request from another with the same key. */
export function digestOf({ type }: Pick<RequestDefinition, 'type'>, data: Payload): string {
  return createHash('sha256').update(`${type} ${data.text}`).digest('base64')
}

export function keyInUse(): ClusterError {
  return new ClusterError('conflict', 'The idempotency key was used for another request; take a new key for each')
}

/** About what an answer takes in memory; one that has no text can't be sent either. */
function sizeOf(answer: unknown): number {
  try {
    return 2 * (answer instanceof Payload ? answer : Payload.ofValue(answer)).text.length
  } catch {
    return 0
  }
}
