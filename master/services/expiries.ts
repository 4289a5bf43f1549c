/** A clock that was set is noticed within this time, and what could not be done is tried again. */
const lookEveryMs = 60_000

/** Calls `expired` for each id whose time, by the clock on the wall, has come; again after a minute where that failed. */
export class Expiries {
  readonly #times = new Map<string, number>()
  readonly #expired: (id: string) => Promise<void>
  #timer: NodeJS.Timeout | undefined
  #lookAt = Infinity
  #isClosed = false

  constructor(expired: (id: string) => Promise<void>) {
    this.#expired = expired
  }

  /** `time` is in milliseconds of `Date.now()`; one in the past has come. */
  set(id: string, time: number): void {
    this.#times.set(id, time)
    if (time < this.#lookAt) this.#look(time)
  }

  delete(id: string): void {
    this.#times.delete(id)
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
  }

  #look(time: number): void {
    if (this.#isClosed) return
    clearTimeout(this.#timer)
    this.#lookAt = time
    const waitMs = Math.max(0, Math.min(time - Date.now(), lookEveryMs))
    this.#timer = setTimeout(() => this.#expireAll(), waitMs).unref()
  }

  #expireAll(): void {
    const now = Date.now()
    let next = Infinity
    for (const [id, time] of this.#times) {
      if (time > now) {
        next = Math.min(next, time)
        continue
      }
      this.#times.delete(id)
      this.#expired(id).catch(() => this.set(id, now + lookEveryMs))
    }
    this.#lookAt = Infinity
    if (next < Infinity) this.#look(next)
  }
}
