export interface HeartbeatSettings {
  readonly intervalMs: number
  /** How long an answer may take. */
  readonly timeoutMs: number
}

interface HeartbeatOwner {
  ping(): void
  /** There was no answer in time. */
  lost(): void
}

/** Asks at intervals whether a peer is there, and tells when it has not answered in time. */
export class Heartbeat {
  readonly #interval: NodeJS.Timeout
  #deadline: NodeJS.Timeout | undefined

  constructor({ intervalMs, timeoutMs }: HeartbeatSettings, owner: HeartbeatOwner) {
    this.#interval = setInterval(() => {
      owner.ping()
      this.#deadline ??= setTimeout(() => {
        // What came while this process stood still has not been read yet: that is done before the next turn begins.
        const waited = this.#deadline
        setImmediate(() => { if (waited && this.#deadline === waited) owner.lost() })
      }, timeoutMs)
    }, intervalMs)
    this.#interval.unref()
  }

  /** The peer has answered. */
  alive(): void {
    clearTimeout(this.#deadline)
    this.#deadline = undefined
  }

  stop(): void {
    clearInterval(this.#interval)
    this.alive()
  }
}
