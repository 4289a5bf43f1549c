import type { Duplex } from 'node:stream'
import type { RawData, WebSocket } from 'ws'
import { Heartbeat } from './heartbeat.ts'
import type { HeartbeatSettings } from './heartbeat.ts'
import { Outbox } from './outbox.ts'
import type { Outgoing } from './outbox.ts'
import { closeReason } from './websocket-text.ts'

/** What one tick may add to what waits for a connection before it counts: no reader could have kept up with it. */
const tickBytes = 4_194_304
const defaultGoodbyeMs = 2_000

/** Connections of all doors: their frames leave together. */
const outbox = new Outbox()

export interface WebSocketConnectionEvents {
  /** A message. What this throws goes to `failed`. */
  message(data: Buffer, isBinary: boolean): void
  failed(error: unknown): void
  /** Called once, whichever side ended it, never from within a call of `send` or `close`. */
  ended(): void
  /** All that waited for the peer has gone to the operating system. */
  drained?(): void
}

export interface WebSocketConnectionOptions {
  readonly ws: WebSocket
  /** The connection under `ws`: the one that was upgraded. */
  readonly socket: Duplex
  readonly events: WebSocketConnectionEvents
  /** A peer that does not answer its pings is cut off. */
  readonly heartbeat: HeartbeatSettings & {
    /** Whether any message or ping of the peer counts as an answer, not only a pong. */
    readonly isAnySign?: boolean
  }
  /** How long a peer may take to answer a close frame. */
  readonly goodbyeMs?: number
}

/**
 * The server's end of a WebSocket of the `ws` library, made without compression. It is given finished frames, so that many
 * receivers of a message share its bytes; they leave once per tick. What is read can be made to wait.
 */
export class WebSocketConnection implements Outgoing {
  readonly #ws: WebSocket
  readonly #socket: Duplex
  readonly #events: WebSocketConnectionEvents
  readonly #heartbeat: Heartbeat
  readonly #isAnySign: boolean
  readonly #goodbyeMs: number
  #pending: Buffer[] = []
  #pendingBytes = 0
  /** Bytes of the writes that the operating system is working on. */
  #underWay = 0
  #inbox: Array<{ readonly data: Buffer; readonly isBinary: boolean }> = []
  #isHeld = false
  #hasEnded = false

  constructor({ ws, socket, events, heartbeat, goodbyeMs = defaultGoodbyeMs }: WebSocketConnectionOptions) {
    this.#ws = ws
    this.#socket = socket
    this.#events = events
    this.#goodbyeMs = goodbyeMs
    this.#isAnySign = heartbeat.isAnySign ?? false
    this.#heartbeat = new Heartbeat(heartbeat, { ping: () => ws.ping(noop), lost: () => this.#lost() })
    // The library closes with the right code (1009, 1007, 1002) and reads on until the peer has seen it.
    ws.on('error', () => this.#end(goodbyeMs))
    ws.on('close', () => this.#end(0))
    ws.on('message', (data: RawData, isBinary: boolean) => this.#received(data as Buffer, isBinary))
    ws.on('ping', () => { if (this.#isAnySign) this.#heartbeat.alive() })
    ws.on('pong', () => this.#heartbeat.alive())
  }

  /** False once it is ending: then nothing is read and nothing sent any more. */
  get isOpen(): boolean {
    return !this.#hasEnded
  }

  /**
   * What says that the peer is slow, to be held against a bound: the bytes that wait behind the write under way. What this
   * tick adds counts only above 4 MiB in all, for the peer had no chance to read it.
   */
  get bufferedBytes(): number {
    const { writableLength } = this.#socket
    return Math.max(writableLength - this.#underWay, writableLength + this.#pendingBytes - tickBytes)
  }

  /** All bytes that are not yet with the operating system. */
  get queuedBytes(): number {
    return this.#pendingBytes + this.#socket.writableLength
  }

  /** Sends a finished frame, or in several calls the parts of one, at the end of this tick. Does nothing once it has ended. */
  send(frame: Buffer): void {
    if (this.#hasEnded) return
    if (this.#pending.push(frame) === 1) outbox.add(this)
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
    if (this.#ws.readyState !== this.#ws.OPEN) return
    if (this.#socket.writableLength === 0) this.#underWay = bytes.length
    this.#socket.write(bytes, this.#written)
  }

  /** Ends the connection with a code and, cut to what a close frame holds, a reason. What was sent before leaves before. */
  close(code: number, reason: string, goodbyeMs = this.#goodbyeMs): void {
    if (this.#hasEnded) return
    for (const frame of this.take()) this.write(frame)
    this.#end(goodbyeMs)
    this.#ws.close(code, closeReason(reason))
  }

  /** Ends the connection at once. */
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

  /** What waited behind a write has gone into the next one, if there was anything. A `drain` comes only where something waited. */
  readonly #written = (): void => {
    this.#underWay = this.#socket.writableLength
    if (this.#underWay === 0 && !this.#hasEnded) this.#events.drained?.()
  }

  #received(data: Buffer, isBinary: boolean): void {
    if (this.#hasEnded) return
    if (this.#isHeld) {
      this.#inbox.push({ data, isBinary })
      return
    }
    if (this.#isAnySign) this.#heartbeat.alive()
    try {
      this.#events.message(data, isBinary)
    } catch (error) {
      this.#events.failed(error)
    }
  }

  #lost(): void {
    // One that is not read from cannot show that it is there.
    if (this.#isHeld) this.#heartbeat.alive()
    else this.#ws.terminate()
  }

  #end(goodbyeMs: number): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#heartbeat.stop()
    this.take()
    this.#inbox = []
    // A peer that nobody reads from could not answer the close frame.
    if (this.#isHeld) this.#ws.resume()
    if (goodbyeMs > 0) {
      const timer = setTimeout(() => this.#ws.terminate(), goodbyeMs)
      timer.unref()
      this.#ws.once('close', () => clearTimeout(timer))
    }
    // Later: this may be in the middle of a delivery to many, and whoever hears of it will tell them.
    process.nextTick(() => this.#events.ended())
  }
}

// A ping to a connection that has just ended reports its error here; `close` follows.
function noop(): void {}
