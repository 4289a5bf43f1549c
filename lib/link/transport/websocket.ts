import type { Duplex } from 'node:stream'
import type { RawData, WebSocket } from 'ws'
import type { Transport, TransportEvents } from './transport.ts'

const closeDeadlineMs = 2_000
/** The longest reason that a close frame can carry (RFC 6455, 5.5). */
const maxReasonBytes = 123

/** A WebSocket as a transport. Frames of one turn of the event loop leave in one write. */
export class WebSocketTransport implements Transport {
  readonly address: string
  readonly #ws: WebSocket
  readonly #socket: Duplex
  #isCorked = false

  /** `socket` is the connection under `ws`: the one that was upgraded. */
  constructor(ws: WebSocket, socket: Duplex, address: string) {
    this.#ws = ws
    this.#socket = socket
    this.address = address
    // From the first moment: an error without a listener would end the process.
    ws.on('error', () => ws.terminate())
    // Nothing may arrive before somebody listens.
    ws.pause()
  }

  get bufferedBytes(): number {
    return this.#socket.writableLength
  }

  get isOpen(): boolean {
    return this.#ws.readyState === this.#ws.OPEN
  }

  start(events: TransportEvents): void {
    this.#ws.on('message', (data: RawData) => events.frame(textOf(data)))
    this.#ws.on('pong', () => events.alive())
    this.#ws.on('ping', () => events.alive())
    this.#ws.on('close', (code, reason) => events.closed({ code, reason: reason.toString() }))
    this.#ws.resume()
  }

  send(frame: string): void {
    if (!this.isOpen) return
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
    if (this.isOpen) this.#ws.ping()
  }

  close(code: number, reason: string): void {
    this.#ws.close(code, shorten(reason))
    const timer = setTimeout(() => this.#ws.terminate(), closeDeadlineMs)
    this.#ws.once('close', () => clearTimeout(timer))
    timer.unref()
  }

  terminate(): void {
    this.#ws.terminate()
  }

  pause(): void {
    this.#ws.pause()
  }

  resume(): void {
    this.#ws.resume()
  }
}

// Binary frames that hold JSON are accepted as text is.
function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString()
  return Buffer.isBuffer(data) ? data.toString() : Buffer.from(data).toString()
}

function shorten(reason: string): string {
  const bytes = Buffer.from(reason)
  if (bytes.length <= maxReasonBytes) return reason
  // A cut in the middle of a character would be an invalid close frame.
  let end = maxReasonBytes
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1
  return bytes.toString('utf8', 0, end)
}

// A send to a connection that has just ended reports its error here; `close` follows.
function noop(): void {}
