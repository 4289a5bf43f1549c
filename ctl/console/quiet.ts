import { setTimeout as delay } from 'node:timers/promises'

interface QuietTimes {
  /** How long nothing has to come. */
  readonly settleMs: number
  /** How long to wait at most. */
  readonly mostMs: number
}

interface Clock {
  now(): number
  delay(ms: number): Promise<unknown>
}

const realClock: Clock = { now: () => performance.now(), delay }

/** Tells when output has come to rest: a game answers what it is sent a moment later, and nothing says that this was all. */
export class Quiet {
  readonly #times: QuietTimes
  readonly #clock: Clock
  #heardAt = 0

  constructor(times: QuietTimes, clock = realClock) {
    this.#times = times
    this.#clock = clock
  }

  /** Output has come. */
  heard(): void {
    this.#heardAt = this.#clock.now()
  }

  /** Resolves when nothing has come for a while since this call, or it has gone on for too long. */
  async settled(): Promise<void> {
    const { settleMs, mostMs } = this.#times
    const begunAt = this.#clock.now()
    for (;;) {
      const waitMs = Math.min(Math.max(begunAt, this.#heardAt) + settleMs, begunAt + mostMs) - this.#clock.now()
      if (waitMs <= 0) return
      await this.#clock.delay(waitMs)
    }
  }
}
