interface HeartbeatOwner {
  /** Sends a sign of life. */
  beat(): void
  /** The peer was silent for too long. */
  dead(): void
  /** Whether nothing of the peer's is read at the moment: then it can't show that it is there, and its silence doesn't count. */
  isHeld?(): boolean
}

/** A peer that answers beats has not had the time for it when the first one leaves. */
const leastSilentBeats = 2

/**
 * Finds a dead peer: beats at an interval, and wants to hear something within the timeout, rounded up to whole beats and
 * at least two. Only beats with nothing heard between them are counted, and what waits to be read is read first, so that
 * time in which this process itself stood still is not held against the peer. And what arrives, which may be very much,
 * costs no look at the clock.
 */
export class Heartbeat {
  readonly #owner: HeartbeatOwner
  readonly #maxSilentBeats: number
  readonly #timer: NodeJS.Timeout
  #hasHeard = false
  #silentBeats = 0
  #verdict: NodeJS.Immediate | undefined

  constructor(owner: HeartbeatOwner, { heartbeatMs, heartbeatTimeoutMs }: { heartbeatMs: number; heartbeatTimeoutMs: number }) {
    this.#owner = owner
    this.#maxSilentBeats = Math.max(leastSilentBeats, Math.ceil(heartbeatTimeoutMs / heartbeatMs))
    this.#timer = setInterval(() => this.#tick(), heartbeatMs)
    this.#timer.unref()
  }

  /** To be called for whatever arrives from the peer. */
  heard(): void {
    this.#hasHeard = true
  }

  close(): void {
    clearInterval(this.#timer)
    clearImmediate(this.#verdict)
  }

  #tick(): void {
    this.#silentBeats = this.#hasHeard ? 0 : this.#silentBeats + 1
    this.#hasHeard = this.#owner.isHeld?.() ?? false
    this.#owner.beat()
    if (this.#silentBeats >= this.#maxSilentBeats) this.#verdict = setImmediate(() => { if (!this.#hasHeard) this.#owner.dead() })
  }
}
