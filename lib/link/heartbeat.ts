interface HeartbeatOwner {
  /** Sends a sign of life. */
  beat(): void
  /** The peer was silent for too long. */
  dead(): void
}

/** Finds a dead peer: beats at an interval, and wants to hear something within the timeout. */
export class Heartbeat {
  readonly #owner: HeartbeatOwner
  readonly #timeoutMs: number
  readonly #timer: NodeJS.Timeout
  #lastHeard = performance.now()

  constructor(owner: HeartbeatOwner, { heartbeatMs, heartbeatTimeoutMs }: { heartbeatMs: number; heartbeatTimeoutMs: number }) {
    this.#owner = owner
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
    if (performance.now() - this.#lastHeard > this.#timeoutMs) this.#owner.dead()
    else this.#owner.beat()
  }
}
