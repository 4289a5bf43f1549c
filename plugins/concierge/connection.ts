import type { Duplex } from 'node:stream'
import type { RawData, WebSocket } from 'ws'
import { closeReason, textOf } from '../../lib/plugin.ts'
import { CloseCode } from './wire/close-codes.ts'
import type { Outbox } from './outbox.ts'

/** How long a slow reader may take to come to the close frame, which stands behind all that waits for it. */
const slowGoodbyeMs = 30_000
const goodbyeMs = 2_000

export interface ConnectionEvents {
  frame(text: string, isBinary: boolean): void
  /** All that waited has gone to the operating system. */
  drained(): void
  /** Called once, whichever side ended it, never from within a delivery. */
  ended(): void
  /** A handler threw. */
  failed(error: unknown): void
}

/** One WebSocket with its outgoing frames, which leave once per tick, and its incoming ones, which can be made to wait. */
export class Connection {
  readonly #ws: WebSocket
  readonly #socket: Duplex
  readonly #outbox: Outbox
  readonly #events: ConnectionEvents
  #pending: Buffer[] = []
  #pendingBytes = 0
  #inbox: Array<{ data: RawData; isBinary: boolean }> = []
  #isHeld = false
  #hasEnded = false
  #isAlive = true

  /** `socket` is the connection under `ws`: the one that was upgraded. */
  constructor(ws: WebSocket, socket: Duplex, outbox: Outbox, events: ConnectionEvents) {
    this.#ws = ws
    this.#socket = socket
    this.#outbox = outbox
    this.#events = events
    // The library closes with the right code (1009, 1007, 1002) and reads on until the peer has seen it.
    ws.on('error', () => this.#end(goodbyeMs))
    ws.on('close', () => this.#end(0))
    ws.on('message', (data: RawData, isBinary: boolean) => this.#received(data, isBinary))
    ws.on('ping', () => { this.#isAlive = true })
    ws.on('pong', () => { this.#isAlive = true })
    socket.on('drain', () => events.drained())
  }

  get isOpen(): boolean {
    return !this.#hasEnded
  }

  /** Bytes that are not yet with the operating system. */
  get bufferedBytes(): number {
    return this.#pendingBytes + this.#socket.writableLength
  }

  /** Sends a finished frame at the end of this tick. Does nothing once the connection has ended. */
  send(frame: Buffer): void {
    if (this.#hasEnded) return
    if (this.#pending.push(frame) === 1) this.#outbox.add(this)
    this.#pendingBytes += frame.length
  }

  take(): Buffer[] {
    const frames = this.#pending
    this.#pending = []
    this.#pendingBytes = 0
    return frames
  }

  write(bytes: Buffer): void {
    // After a close frame nothing may follow.
    if (this.#ws.readyState === this.#ws.OPEN) this.#socket.write(bytes)
  }

  /** Ends the connection with a code and, cut to what a close frame holds, a reason. What was sent before leaves before. */
  close(code: CloseCode, reason: string): void {
    if (this.#hasEnded) return
    for (const frame of this.take()) this.write(frame)
    this.#end(code === CloseCode.tooSlow ? slowGoodbyeMs : goodbyeMs)
    this.#ws.close(code, closeReason(reason))
  }

  /** Asks whether the peer is there; ends the connection if it has not answered since the last time. */
  probe(): void {
    if (this.#hasEnded) return
    if (this.#isAlive || this.#isHeld) {
      this.#isAlive = false
      this.#ws.ping()
    } else {
      this.terminate()
    }
  }

  terminate(): void {
    this.#ws.terminate()
  }

  /** Reads nothing more from the peer until `release`. */
  hold(): void {
    if (this.#hasEnded) return
    this.#isHeld = true
    this.#ws.pause()
  }

  release(): void {
    if (!this.#isHeld) return
    this.#isHeld = false
    const waiting = this.#inbox
    this.#inbox = []
    // Handling one may have this connection held again: the rest then waits on, in order.
    for (const { data, isBinary } of waiting) this.#received(data, isBinary)
    if (!this.#isHeld) this.#ws.resume()
  }

  #received(data: RawData, isBinary: boolean): void {
    if (this.#hasEnded) return
    if (this.#isHeld) {
      this.#inbox.push({ data, isBinary })
      return
    }
    this.#isAlive = true
    try {
      this.#events.frame(textOf(data), isBinary)
    } catch (error) {
      this.#events.failed(error)
    }
  }

  #end(graceMs: number): void {
    if (graceMs > 0 && !this.#hasEnded) {
      const timer = setTimeout(() => this.#ws.terminate(), graceMs)
      timer.unref()
      this.#ws.once('close', () => clearTimeout(timer))
    }
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.take()
    this.#inbox = []
    // A peer that nobody reads from could not answer the close frame.
    if (this.#isHeld) this.#ws.resume()
    // Later: this may be in the middle of a delivery to many, and whoever hears of it will tell them.
    process.nextTick(() => this.#events.ended())
  }
}
