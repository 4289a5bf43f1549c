import { ClusterError } from '../errors/cluster-error.ts'
import type { Transport } from './transport/transport.ts'

/** Who is told of what arrives on a connection. */
export interface FrameSink {
  frame(text: string): void
  alive(): void
  arrived?(): void
  tooLarge?(reason: string): void
  closed(info: { code: number; reason: string }): void
}

/** More than this before the handshake is done is no honest peer; one read of the socket brings far less. */
const maxEarlyLength = 1024 * 1024

/**
 * A transport whose owner changes: during the handshake frames are awaited one by one, afterwards they go to the
 * channel that came out of it. Nothing that arrives between the two is lost.
 */
export class Connection {
  readonly transport: Transport
  #early: string[] = []
  #earlyLength = 0
  #closed: { code: number; reason: string } | undefined
  #waiting: { resolve(text: string): void; reject(error: Error): void } | undefined
  #sink: FrameSink | undefined
  #isDrained = false

  constructor(transport: Transport) {
    this.transport = transport
    transport.start({
      frame: (text) => this.#frame(text),
      alive: () => this.#sink?.alive(),
      arrived: () => this.#sink?.arrived?.(),
      tooLarge: (reason) => this.#sink?.tooLarge?.(reason),
      closed: (info) => this.#onClosed(info),
    })
  }

  /** The next frame. Throws `deadline` when none comes in time, `link_closed` when the connection ends first. */
  next(deadlineMs: number): Promise<string> {
    const early = this.#early.shift()
    if (early !== undefined) {
      this.#earlyLength -= early.length
      return Promise.resolve(early)
    }
    if (this.#closed) return Promise.reject(closedError(this.#closed))
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting = undefined
        reject(new ClusterError('deadline', `The peer sent nothing for ${deadlineMs} ms during the handshake`))
      }, deadlineMs)
      this.#waiting = {
        resolve: (text) => { clearTimeout(timer); resolve(text) },
        reject: (error) => { clearTimeout(timer); reject(error) },
      }
    })
  }

  /**
   * Gives all that arrives from now on, and what has arrived unread, to a new owner. The owner hears of nothing before
   * the caller is done, so that whoever builds on the owner is in place when the first frame comes.
   */
  handOver(sink: FrameSink): void {
    this.#sink = sink
    queueMicrotask(() => this.#drain(sink))
  }

  #drain(sink: FrameSink): void {
    for (const text of this.#early.splice(0)) sink.frame(text)
    this.#isDrained = true
    if (this.#closed) sink.closed(this.#closed)
  }

  #frame(text: string): void {
    if (this.#isDrained) {
      this.#sink?.frame(text)
      return
    }
    const waiting = this.#waiting
    this.#waiting = undefined
    if (waiting) waiting.resolve(text)
    else this.#keep(text)
  }

  #keep(text: string): void {
    this.#early.push(text)
    this.#earlyLength += text.length
    if (this.#earlyLength > maxEarlyLength && !this.#sink) this.transport.terminate()
  }

  #onClosed(info: { code: number; reason: string }): void {
    this.#closed = info
    this.#waiting?.reject(closedError(info))
    this.#waiting = undefined
    if (this.#isDrained) this.#sink?.closed(info)
  }
}

function closedError({ code, reason }: { code: number; reason: string }): ClusterError {
  return new ClusterError('link_closed', `The connection ended during the handshake (${reason || `code ${code}`})`, { details: { code } })
}
