interface Waiting {
  /** On the clock of `performance.now()`. */
  readonly deadlineAt: number
}

/** What waits for answers, all equally long, on one timer. */
export class Deadlines<T extends Waiting> {
  // In the order of adding, which is that of the deadlines.
  readonly #waiting = new Set<T>()
  readonly #onExpired: (item: T) => void
  #timer: NodeJS.Timeout | undefined

  constructor(onExpired: (item: T) => void) {
    this.#onExpired = onExpired
  }

  add(item: T): void {
    this.#waiting.add(item)
    if (!this.#timer) this.#arm(item)
  }

  delete(item: T): void {
    this.#waiting.delete(item)
  }

  clear(): void {
    this.#waiting.clear()
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #arm({ deadlineAt }: T): void {
    this.#timer = setTimeout(() => this.#expire(), Math.max(1, Math.ceil(deadlineAt - performance.now())))
  }

  #expire(): void {
    this.#timer = undefined
    const now = performance.now()
    for (const item of this.#waiting) {
      if (item.deadlineAt > now) {
        if (!this.#timer) this.#arm(item)
        return
      }
      this.#waiting.delete(item)
      this.#onExpired(item)
    }
  }
}
