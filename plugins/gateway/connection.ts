import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { closeReason, serverFrames } from '../../lib/plugin.ts'
import { limits } from './limits.ts'

/** Codes with which the door closes a connection (RFC 6455, 7.4.1); 1002, 1007 and 1009 are sent by the library. */
export const CloseCode = { goingAway: 1001, internal: 1011, tryAgainLater: 1013 } as const
export type CloseCode = (typeof CloseCode)[keyof typeof CloseCode]

export interface ConnectionEvents {
  frame(data: Buffer, isBinary: boolean): void
  /** Called once, whichever side ended it, never from within a delivery. */
  ended(): void
}

/** Connections with texts that leave at the end of this tick. */
let waitingConnections: Connection[] = []

/**
 * A client's WebSocket. Texts of one tick leave in one write, and receivers of the same texts share the bytes: the frames
 * are made here, not by the library, which is sound because nothing is compressed or fragmented.
 */
export class Connection {
  readonly #ws: WebSocket
  readonly #socket: Duplex
  readonly #events: ConnectionEvents
  #waiting: string[] = []
  #isHeld = false
  #isAlive = true
  #hasEnded = false

  /** `socket` is the connection under `ws`: the one that was upgraded. */
  constructor(ws: WebSocket, socket: Duplex, events: ConnectionEvents) {
    this.#ws = ws
    this.#socket = socket
    this.#events = events
    // The library closes with the right code and reads on until the peer has seen it.
    ws.on('error', () => this.#end())
    ws.on('close', () => this.#end())
    ws.on('message', (data, isBinary) => {
      this.#isAlive = true
      if (!this.#hasEnded) events.frame(data as Buffer, isBinary)
    })
    ws.on('ping', (data) => {
      this.#isAlive = true
      // One that reads nothing could otherwise have pongs heaped up for it without end.
      if (socket.writableLength < limits.pongBacklogBytes) ws.pong(data)
    })
    ws.on('pong', () => { this.#isAlive = true })
  }

  get isOpen(): boolean {
    return !this.#hasEnded
  }

  /** Bytes of earlier ticks that the operating system has not taken. */
  get bufferedBytes(): number {
    return this.#socket.writableLength
  }

  /** Sends a text at the end of this tick. Does nothing once the connection has ended. */
  send(text: string): void {
    if (this.#hasEnded) return
    if (this.#waiting.push(text) > 1) return
    if (waitingConnections.push(this) === 1) process.nextTick(flushAll)
  }

  flush(): void {
    const texts = this.#waiting
    this.#waiting = []
    // After a close frame nothing may follow.
    if (texts.length > 0 && this.#ws.readyState === this.#ws.OPEN) this.#socket.write(serverFrames(texts))
  }

  /** Reads nothing more until `release`; of what has arrived already some may still come. */
  hold(): void {
    if (this.#isHeld || this.#hasEnded) return
    this.#isHeld = true
    this.#ws.pause()
  }

  release(): void {
    if (!this.#isHeld) return
    this.#isHeld = false
    this.#ws.resume()
  }

  /** Asks whether the peer is there; ends the connection if it has shown no sign of life since the last time. */
  probe(): void {
    if (this.#hasEnded) return
    // One that is not read from cannot show any.
    if (!this.#isAlive && !this.#isHeld) return this.terminate()
    this.#isAlive = false
    this.#ws.ping()
  }

  /** What was sent before leaves before. */
  close(code: CloseCode, reason: string): void {
    if (this.#hasEnded) return
    this.flush()
    this.#ws.close(code, closeReason(reason))
    this.#end()
  }

  terminate(): void {
    this.#ws.terminate()
  }

  #end(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#waiting = []
    this.release()
    if (this.#ws.readyState !== this.#ws.CLOSED) {
      const timer = setTimeout(() => this.#ws.terminate(), limits.goodbyeMs)
      timer.unref()
      this.#ws.once('close', () => clearTimeout(timer))
    }
    // Later: this may be in the middle of a delivery to many.
    process.nextTick(() => this.#events.ended())
  }
}

function flushAll(): void {
  const connections = waitingConnections
  waitingConnections = []
  for (const connection of connections) connection.flush()
}
