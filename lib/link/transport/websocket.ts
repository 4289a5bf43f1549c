import type { Duplex } from 'node:stream'
import type { RawData, WebSocket } from 'ws'
import { closeReason, textOf } from '../../net/websocket-text.ts'
import { serverFrames } from './server-frames.ts'
import type { Transport, TransportEvents } from './transport.ts'

const closeDeadlineMs = 2_000
/** More than this does not wait for the end of the turn. */
const maxWaitingLength = 1_048_576

/** Close codes for what ws refuses to read; other errors of a frame are 1002 (RFC 6455, 7.4.1). */
const codeOfError = new Map([
  ['WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', 1009],
  ['WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH', 1009],
  ['WS_ERR_INVALID_UTF8', 1007],
])

/** Transports with frames that leave at the end of this turn. */
let waitingTransports: WebSocketTransport[] = []

/**
 * A WebSocket as a transport. Frames of one turn of the event loop leave in one write. A server's are framed here and
 * not by ws: what one turn sends to a peer becomes one buffer, and receivers of the same share it. That is sound only
 * without compression, fragments and Blobs, which nothing here uses.
 */
export class WebSocketTransport implements Transport {
  readonly address: string
  readonly #ws: WebSocket
  readonly #socket: Duplex
  readonly #isClient: boolean
  #isCorked = false
  #waiting: string[] = []
  #waitingLength = 0
  #fault: { code: number; reason: string } | undefined

  /** `socket` is the connection under `ws`: the one that was upgraded. */
  constructor(ws: WebSocket, socket: Duplex, address: string, side: 'server' | 'client' = 'server') {
    this.#ws = ws
    this.#isClient = side === 'client'
    this.#socket = socket
    this.address = address
    // From the first moment: an error without a listener would end the process.
    ws.on('error', (error) => this.#failed(error))
    // Nothing may arrive before somebody listens.
    ws.pause()
  }

  get bufferedBytes(): number {
    return this.#socket.writableLength + this.#waitingLength
  }

  get isOpen(): boolean {
    return this.#ws.readyState === this.#ws.OPEN
  }

  start(events: TransportEvents): void {
    if (this.#ws.readyState === this.#ws.CLOSED) {
      queueMicrotask(() => events.closed(this.#fault ?? { code: 1006, reason: '' }))
      return
    }
    this.#ws.on('message', (data: RawData) => events.frame(textOf(data)))
    this.#ws.on('pong', () => events.alive())
    this.#ws.on('ping', () => events.alive())
    this.#ws.on('close', (code, reason) => events.closed(this.#fault ?? { code, reason: reason.toString() }))
    this.#ws.resume()
  }

  send(frame: string): void {
    if (!this.isOpen) return
    if (this.#isClient) {
      this.#sendMasked(frame)
      return
    }
    if (this.#waiting.length === 0) {
      if (waitingTransports.length === 0) process.nextTick(flushAll)
      waitingTransports.push(this)
    }
    this.#waiting.push(frame)
    this.#waitingLength += frame.length
    if (this.#waitingLength > maxWaitingLength) this.flush()
  }

  /** Writes what waits for the end of the turn. */
  flush(): void {
    if (this.#waiting.length === 0) return
    const frames = this.isOpen ? serverFrames(this.#waiting) : undefined
    this.#waiting = []
    this.#waitingLength = 0
    if (frames) this.#socket.write(frames)
  }

  // A client's frames are masked, each with a key of its own: ws does that.
  #sendMasked(frame: string): void {
    if (!this.#isCorked) {
      this.#isCorked = true
      this.#socket.cork()
      process.nextTick(() => {
        this.#isCorked = false
        this.#socket.uncork()
      })
    }
    this.#ws.send(frame, noop)
  }

  ping(): void {
    if (this.isOpen) this.#ws.ping(undefined, undefined, noop)
  }

  close(code: number, reason: string): void {
    this.flush()
    this.#ws.close(code, closeReason(reason))
    this.#endInTime()
  }

  terminate(): void {
    this.#ws.terminate()
  }

  // ws has sent its close frame by now; to end at once could take it away before the peer has read it.
  #failed({ code, message }: Error & { code?: string }): void {
    if (code?.startsWith('WS_ERR_')) this.#fault = { code: codeOfError.get(code) ?? 1002, reason: message }
    this.#endInTime()
  }

  #endInTime(): void {
    if (this.#ws.readyState === this.#ws.CLOSED) return
    const timer = setTimeout(() => this.#ws.terminate(), closeDeadlineMs)
    this.#ws.once('close', () => clearTimeout(timer))
    timer.unref()
  }

  pause(): void {
    this.#ws.pause()
  }

  resume(): void {
    this.#ws.resume()
  }
}

function flushAll(): void {
  const transports = waitingTransports
  waitingTransports = []
  for (const transport of transports) transport.flush()
}

// A send to a connection that has just ended reports its error here; `close` follows.
function noop(): void {}
