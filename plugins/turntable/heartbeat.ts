export interface HeartbeatSettings {
  readonly intervalMs: number
  readonly timeoutMs: number
}

/** Asks at intervals whether somebody is there, and tells when he has not answered in time. */
export class Heartbeat {
  readonly #interval: NodeJS.Timeout
  #deadline: NodeJS.Timeout | undefined

  constructor({ intervalMs, timeoutMs }: HeartbeatSettings, ping: () => void, lost: () => void) {
    this.#interval = setInterval(() => {
      ping()
      this.#deadline ??= setTimeout(lost, timeoutMs)
    }, intervalMs)
  }

  /** A pong has come. */
  alive(): void {
    clearTimeout(this.#deadline)
    this.#deadline = undefined
  }

  stop(): void {
    clearInterval(this.#interval)
    this.alive()
  }
}
