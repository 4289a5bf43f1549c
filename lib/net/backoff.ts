export interface BackoffOptions {
  /** Upper bound of the first delay. */
  readonly baseMs: number
  /** Upper bound of every delay. */
  readonly capMs: number
  /** A number from 0 up to 1, as Math.random gives; tests put their own. */
  readonly random?: () => number
}

/**
 * How long to wait before the next try: the bound doubles up to the cap, and the delay is drawn evenly below it, so
 * that many peers that lost the same master do not come back in step.
 */
export class Backoff {
  readonly #baseMs: number
  readonly #capMs: number
  readonly #random: () => number
  #boundMs: number

  constructor({ baseMs, capMs, random = Math.random }: BackoffOptions) {
    this.#baseMs = baseMs
    this.#capMs = capMs
    this.#random = random
    this.#boundMs = Math.min(baseMs, capMs)
  }

  /** Delay in whole milliseconds before the next try. */
  next(): number {
    const delayMs = Math.floor(this.#random() * this.#boundMs)
    this.#boundMs = Math.min(this.#boundMs * 2, this.#capMs)
    return delayMs
  }

  /** To be called after a success: the next failure starts from the base again. */
  reset(): void {
    this.#boundMs = Math.min(this.#baseMs, this.#capMs)
  }
}
