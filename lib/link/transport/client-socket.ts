import type { Duplex } from 'node:stream'
import type { RawData, WebSocket } from 'ws'
import { closeReason, textOf } from '../../net/websocket-text.ts'
import type { Transport, TransportEvents } from './transport.ts'

const closeDeadlineMs = 2_000

/** Close codes for what ws refuses to read; other errors of a frame are 1002 (RFC 6455, 7.4.1). */
const codeOfError = new Map([
  ['WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', 1009],
  ['WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH', 1009],
  ['WS_ERR_INVALID_UTF8', 1007],
])

/**
 * The client's end of a WebSocket. Frames of one turn of the event loop leave in one write; ws masks each with a key of
 * its own, as a client must.
 */
export class ClientSocket implements Transport {
  readonly address: string
  readonly #ws: WebSocket
  readonly #socket: Duplex
  #isCorked = false
  #fault: { code: number; reason: string } | undefined

  /** `socket` is the connection under `ws`: the one that was upgraded. */
  constructor(ws: WebSocket, socket: Duplex, address: string) {
    this.#ws = ws
    this.#socket = socket
    this.address = address
    // From the first moment: an error without a listener would end the process.
    ws.on('error', (error) => this.#failed(error))
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

// A send to a connection that has just ended reports its error here; `close` follows.
function noop(): void {}
