import type { EventOf } from '../../lib/link/define.ts'
import { decodeBytes } from '../../lib/link/console-bytes.ts'
import type { ClusterError } from '../../lib/errors/cluster-error.ts'
import type { instanceOutput } from '../../lib/link/messages/console.ts'
import type { Follower } from './ports.ts'

interface LiveFollowerOptions {
  /** Asks for live output from now on. */
  subscribe(): Promise<unknown>
  write(bytes: Buffer): Promise<void>
  /** So many pieces could not be printed as fast as they came, and are lost. */
  leftOut(pieces: number): void
  /** How much may wait to be printed. */
  readonly queueBytes?: number
}

const defaultQueueBytes = 1_048_576

/** Prints what an instance prints from now on, for a master that keeps nothing that could be read back. */
export class LiveFollower implements Follower {
  readonly #options: LiveFollowerOptions
  readonly #queueBytes: number
  #queue: Buffer[] = []
  #waitingBytes = 0
  #leftOut = 0
  #mustSubscribe = true
  #shallFinish = false
  #failure: ClusterError | undefined
  #wake: () => void = () => {}

  constructor(options: LiveFollowerOptions) {
    this.#options = options
    this.#queueBytes = options.queueBytes ?? defaultQueueBytes
  }

  take(output: EventOf<typeof instanceOutput>['output']): void {
    const bytes = decodeBytes(output)
    if (this.#waitingBytes + bytes.length > this.#queueBytes) {
      this.#leftOut += 1
    } else {
      this.#queue.push(bytes)
      this.#waitingBytes += bytes.length
    }
    this.#wake()
  }

  cut(): void {}

  reconnected(): void {
    this.#mustSubscribe = true
    this.#wake()
  }

  finish(): void {
    this.#shallFinish = true
    this.#wake()
  }

  fail(error: ClusterError): void {
    this.#failure = error
    this.#wake()
  }

  /** Prints until `finish` or `fail`. Throws what `fail` was given, and why it could not subscribe. */
  async run(): Promise<void> {
    for (;;) {
      if (this.#failure) throw this.#failure
      if (this.#mustSubscribe) await this.#subscribe()
      else if (this.#queue.length > 0 || this.#leftOut > 0) await this.#print()
      else if (this.#shallFinish) return
      else await new Promise<void>((resolve) => { this.#wake = resolve })
    }
  }

  async #subscribe(): Promise<void> {
    this.#mustSubscribe = false
    await this.#options.subscribe()
  }

  async #print(): Promise<void> {
    const [pieces, leftOut] = [this.#queue, this.#leftOut]
    this.#queue = []
    this.#waitingBytes = 0
    this.#leftOut = 0
    for (const bytes of pieces) await this.#options.write(bytes)
    if (leftOut > 0) this.#options.leftOut(leftOut)
  }
}
