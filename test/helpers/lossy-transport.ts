import type { Transport, TransportEvents } from '../../lib/link/transport/transport.ts'

export type End = 'left' | 'right'

export interface LossyLineOptions {
  /** The line is cut when it has delivered this many frames, both ways together; never when left out. */
  readonly cutAfterFrames?: number
  /** An end that does not notice that the line was cut: to it the connection still looks alive. */
  readonly unaware?: End
}

/** One end of a line. What it sends arrives a turn of the event loop later, if the line is whole by then. */
class LossyTransport implements Transport {
  readonly address: string
  /** Set by tests that need a peer that does not read. */
  bufferedBytes = 0
  /** Everything that was given to `send` while the end was open. */
  readonly sent: string[] = []
  readonly #line: LossyLine
  #events: TransportEvents | undefined
  #early: Array<(events: TransportEvents) => void> = []
  #isOpen = true

  constructor(line: LossyLine, end: End) {
    this.#line = line
    this.address = end
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  start(events: TransportEvents): void {
    this.#events = events
    for (const call of this.#early.splice(0)) setImmediate(() => call(events))
  }

  send(frame: string): void {
    if (!this.#isOpen) return
    this.sent.push(frame)
    this.#line.carry(this, (to) => to.arrive(frame))
  }

  ping(): void {
    if (this.#isOpen) this.#line.carry(this, () => this.#tell((events) => events.alive()))
  }

  close(code: number, reason: string): void {
    this.#line.carry(this, (to) => to.end(code, reason))
    this.end(code, reason)
  }

  terminate(): void {
    this.close(1006, '')
  }

  pause(): void {}
  resume(): void {}

  arrive(frame: string): void {
    if (this.#isOpen) this.#tell((events) => events.frame(frame))
  }

  end(code: number, reason: string): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    setImmediate(() => this.#tell((events) => events.closed({ code, reason })))
  }

  #tell(call: (events: TransportEvents) => void): void {
    if (this.#events) call(this.#events)
    else this.#early.push(call)
  }
}

/** A connection within this process that can be cut at any frame; what is under way then is lost. */
export class LossyLine {
  readonly left: LossyTransport = new LossyTransport(this, 'left')
  readonly right: LossyTransport = new LossyTransport(this, 'right')
  readonly #options: LossyLineOptions
  #carried = 0
  #isCut = false

  constructor(options: LossyLineOptions = {}) {
    this.#options = options
  }

  get isCut(): boolean {
    return this.#isCut
  }

  /** Cuts the line now. */
  cut(unaware: End | undefined = this.#options.unaware): void {
    this.#isCut = true
    for (const end of ['left', 'right'] as const) if (end !== unaware) this[end].end(1006, '')
  }

  carry(from: LossyTransport, deliver: (to: LossyTransport) => void): void {
    const to = from === this.left ? this.right : this.left
    setImmediate(() => {
      if (this.#isCut) return
      if (this.#carried === this.#options.cutAfterFrames) {
        this.cut()
        return
      }
      this.#carried += 1
      deliver(to)
    })
  }
}
