/** Things that are waited for, each for the same time; those that did not come in time are told of. */
export class Deadlines<T> {
  readonly #timeoutMs: number
  readonly #passed: (items: T[]) => void
  /** When the wait for each is over, the first to be over first. */
  readonly #until = new Map<T, number>()
  #timer: NodeJS.Timeout | undefined

  constructor(timeoutMs: number, passed: (items: T[]) => void) {
    this.#timeoutMs = timeoutMs
    this.#passed = passed
  }

  /** Waits for these from now on; those that are waited for already have the time that they had. */
  add(items: Iterable<T>): void {
    const until = performance.now() + this.#timeoutMs
    for (const item of items) if (!this.#until.has(item)) this.#until.set(item, until)
    this.#watch()
  }

  /** It has come, or nobody waits for it any more. */
  delete(item: T): void {
    this.#until.delete(item)
  }

  /** Goes on waiting for those only that fit. */
  keep(fits: (item: T) => boolean): void {
    for (const item of this.#until.keys()) if (!fits(item)) this.#until.delete(item)
  }

  /** Waits for those that fit as if from now on. */
  renew(fits: (item: T) => boolean): void {
    const renewed = [...this.#until.keys()].filter(fits)
    // They go to the end, where the latest are.
    for (const item of renewed) this.#until.delete(item)
    this.add(renewed)
  }

  close(): void {
    this.#until.clear()
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #watch(): void {
    const [first] = this.#until.values()
    if (this.#timer || first === undefined) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#sweep()
    }, Math.max(1, Math.ceil(first - performance.now())))
  }

  #sweep(): void {
    const now = performance.now()
    const passed: T[] = []
    for (const [item, until] of this.#until) {
      if (until > now) break
      passed.push(item)
      this.#until.delete(item)
    }
    this.#watch()
    if (passed.length > 0) this.#passed(passed)
  }
}
