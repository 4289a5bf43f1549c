import type { ChannelSettings } from '../channel.ts'

type Settings = Pick<ChannelSettings, 'ackAlongMessages' | 'ackEveryMessages' | 'ackEveryBytes' | 'ackDelayMs'>

/** Tells a peer which of its messages have arrived: along with what is sent anyway, after much, or after a while. */
export class Receipts {
  readonly #settings: Settings
  readonly #send: (ack: number) => void
  #received = 0
  #told = 0
  /** Of the messages that the peer has not been told of. */
  #bytes = 0
  #timer: NodeJS.Timeout | undefined

  constructor(settings: Settings, send: (ack: number) => void) {
    this.#settings = settings
    this.#send = send
  }

  /** The highest `seq` that has arrived. */
  get received(): number {
    return this.#received
  }

  /** The next message has arrived. */
  add(bytes: number): void {
    const { ackEveryMessages, ackEveryBytes, ackDelayMs } = this.#settings
    this.#received += 1
    this.#bytes += bytes
    if (this.#received - this.#told >= ackEveryMessages || this.#bytes >= ackEveryBytes) this.#tell()
    else this.#timer ??= setTimeout(() => this.#tell(), ackDelayMs).unref()
  }

  /** Something is being sent, which an acknowledgement can go along with: a frame of its own costs both sides a system call. */
  ride(): void {
    if (this.#received - this.#told >= this.#settings.ackAlongMessages) this.#tell()
  }

  /** The peer has been told by other means, or is away and will be. */
  reset(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#told = this.#received
    this.#bytes = 0
  }

  #tell(): void {
    this.reset()
    this.#send(this.#received)
  }
}
