/** Output that came live, as bytes. */
export interface LiveOutput {
  readonly run: number
  readonly offset: number
  readonly bytes: Buffer
  readonly hasEnded: boolean
}

/** What an event costs beside its bytes. */
const overheadBytes = 64

/**
 * Live output that waits to be printed. It is bounded: what does not fit is left out with everything that waits, for it
 * can be read again by its offset.
 */
export class EventQueue {
  readonly #limitBytes: number
  #events: LiveOutput[] = []
  #bytes = 0

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  /** Adds an event; false when it had to be left out. */
  push(event: LiveOutput): boolean {
    this.#bytes += event.bytes.length + overheadBytes
    if (this.#bytes > this.#limitBytes) {
      this.clear()
      return false
    }
    this.#events.push(event)
    return true
  }

  shift(): LiveOutput | undefined {
    const event = this.#events.shift()
    if (event) this.#bytes -= event.bytes.length + overheadBytes
    return event
  }

  clear(): void {
    this.#events = []
    this.#bytes = 0
  }
}
