import type { Transport, TransportEvents } from './transport.ts'

export interface ThrottleOptions {
  /** Frames that may arrive in a second, and at once after a quiet second. */
  readonly framesPerSecond: number
  /** A monotonic clock in milliseconds; tests put their own. */
  readonly now?: () => number
}

/**
 * A transport whose peer is read no faster than agreed: one that sends more waits, as with any slow receiver, and
 * nothing of it is lost. Frames that were read already when the limit is reached are still delivered, and paid for by
 * a longer pause.
 */
export class ThrottledTransport implements Transport {
  readonly #inner: Transport
  readonly #perMs: number
  readonly #capacity: number
  readonly #now: () => number
  #credit: number
  #countedAt: number
  #timer: NodeJS.Timeout | undefined
  #isPaused = false

  constructor(inner: Transport, { framesPerSecond, now = () => performance.now() }: ThrottleOptions) {
    this.#inner = inner
    this.#perMs = framesPerSecond / 1_000
    this.#capacity = framesPerSecond
    this.#now = now
    this.#credit = framesPerSecond
    this.#countedAt = now()
  }

  get address(): string {
    return this.#inner.address
  }

  get bufferedBytes(): number {
    return this.#inner.bufferedBytes
  }

  get isOpen(): boolean {
    return this.#inner.isOpen
  }

  get isHeld(): boolean {
    return this.#timer !== undefined || this.#isPaused
  }

  start(events: TransportEvents): void {
    this.#inner.start({
      frame: (text) => {
        this.#count()
        events.frame(text)
      },
      alive: () => {
        // Pings cost as much as frames do.
        this.#count()
        events.alive()
      },
      arrived: () => events.arrived?.(),
      tooLarge: (reason) => events.tooLarge?.(reason),
      closed: (info) => {
        clearTimeout(this.#timer)
        events.closed(info)
      },
    })
  }

  send(frame: string): void {
    this.#inner.send(frame)
  }

  ping(): void {
    this.#inner.ping()
  }

  close(code: number, reason: string): void {
    // A peer that is not read could not answer the goodbye.
    this.#go()
    this.#inner.close(code, reason)
  }

  terminate(): void {
    this.#inner.terminate()
  }

  pause(): void {
    this.#isPaused = true
    this.#inner.pause()
  }

  resume(): void {
    this.#isPaused = false
    if (!this.#timer) this.#inner.resume()
  }

  #count(): void {
    const now = this.#now()
    this.#credit = Math.min(this.#capacity, this.#credit + (now - this.#countedAt) * this.#perMs) - 1
    this.#countedAt = now
    if (this.#credit >= 0 || this.#timer) return
    this.#inner.pause()
    this.#hold()
  }

  #hold(): void {
    this.#timer = setTimeout(() => {
      this.#credit += (this.#now() - this.#countedAt) * this.#perMs
      this.#countedAt = this.#now()
      // More may have come of what was read already.
      if (this.#credit < 0) this.#hold()
      else this.#go()
    }, Math.max(1, -this.#credit / this.#perMs))
  }

  #go(): void {
    if (!this.#timer) return
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (!this.#isPaused) this.#inner.resume()
  }
}
