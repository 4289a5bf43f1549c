interface HeartbeatOwner {
  /** Sends a sign of life. */
  beat(): void
  /** The peer was silent for too long. */
  dead(): void
}

/**
 * Finds a dead peer: beats at an interval, and wants to hear something within the timeout. Time in which this process
 * itself stood still does not count against the peer: what it sent meanwhile waits to be read.
 */
export class Heartbeat {
  readonly #owner: HeartbeatOwner
  readonly #intervalMs: number
  readonly #timeoutMs: number
  readonly #timer: NodeJS.Timeout
  #lastHeard = performance.now()
  #lastTick = this.#lastHeard

  constructor(owner: HeartbeatOwner, { heartbeatMs, heartbeatTimeoutMs }: { heartbeatMs: number; heartbeatTimeoutMs: number }) {
    this.#owner = owner
    this.#intervalMs = heartbeatMs
    this.#timeoutMs = heartbeatTimeoutMs
    this.#timer = setInterval(() => this.#tick(), heartbeatMs)
    this.#timer.unref()
  }

  /** To be called for whatever arrives from the peer. */
  heard(): void {
    this.#lastHeard = performance.now()
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #tick(): void {
    const now = performance.now()
    this.#lastHeard += Math.max(0, now - this.#lastTick - this.#intervalMs)
    this.#lastTick = now
    if (now - this.#lastHeard > this.#timeoutMs) this.#owner.dead()
    else this.#owner.beat()
  }
}
