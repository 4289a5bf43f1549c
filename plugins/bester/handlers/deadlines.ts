/** Ends what takes too long. All have the same time, so that one timer does for the lot. */
export class Deadlines {
  readonly #ms: number
  /** Those that wait, the oldest first, with when their time is up. */
  readonly #waiting = new Map<() => void, number>()
  #isArmed = false

  constructor(ms: number) {
    this.#ms = ms
  }

  /** Calls `expired` after the time, unless it is removed before. */
  add(expired: () => void): void {
    this.#waiting.set(expired, performance.now() + this.#ms)
    if (!this.#isArmed) this.#arm(this.#ms)
  }

  remove(expired: () => void): void {
    this.#waiting.delete(expired)
  }

  #arm(ms: number): void {
    this.#isArmed = true
    setTimeout(() => this.#look(), ms).unref()
  }

  #look(): void {
    this.#isArmed = false
    const now = performance.now()
    for (const [expired, at] of this.#waiting) {
      if (at > now) {
        this.#arm(at - now)
        return
      }
      this.#waiting.delete(expired)
      expired()
    }
  }
}
