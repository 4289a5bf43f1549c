import type { Duplex } from 'node:stream'
import { closeReason } from '../../net/websocket-text.ts'
import type { ControlKind } from './frame-header.ts'
import { FrameFault, FrameReader, noCode, tooLarge } from './frame-reader.ts'
import { controlFrame, textFrames } from './frames.ts'
import { serverFrames } from './server-frames.ts'
import type { Transport, TransportEvents } from './transport.ts'
import { TurnFlush } from './turn-flush.ts'

const closeDeadlineMs = 2_000
/** So many, or so long, frames don't wait for the end of the turn: the peer may work on them while we go on. */
const maxWaitingFrames = 40
const maxWaitingLength = 36_864
/** A peer that pings and doesn't read gets no more answers than this holds. */
const maxUnsentPongBytes = 65_536
const lostCode = 1006
const internalError = 1011
const none = Buffer.alloc(0)

export interface FrameSocketOptions {
  /** Which end of the WebSocket this is. */
  readonly side: 'client' | 'server'
  /** Names the other end for logs. */
  readonly address: string
  /** Bounds a message of the peer's. */
  readonly maxBytes: number
}

/**
 * One end of a WebSocket, once the connection is upgraded. Frames are read and written here and not by a library,
 * because nearly all that a master does is to read and write frames: what is sent to a peer together is one buffer and
 * one write (see TurnFlush), receivers of the same share it, and what arrives is read where it lies.
 */
export class FrameSocket implements Transport {
  readonly address: string
  readonly #socket: Duplex
  readonly #reader: FrameReader
  /** All that a client sends is masked. */
  readonly #isMasked: boolean
  #events: TransportEvents | undefined
  readonly #turn = new TurnFlush(() => this.flush())
  #waiting: string[] = []
  #waitingLength = 0
  #hasSentClose = false
  /** How the connection ended, as far as that is known before it is closed. */
  #end: { code: number; reason: string } | undefined
  #deadline: NodeJS.Timeout | undefined
  #isGone = false

  /** `head` is what came with the upgrade. */
  constructor(socket: Duplex, head: Buffer, { side, address, maxBytes }: FrameSocketOptions) {
    this.address = address
    this.#socket = socket
    this.#isMasked = side === 'client'
    this.#reader = new FrameReader(side === 'client' ? 'server' : 'client', maxBytes, {
      text: (text) => this.#events?.frame(text),
      ping: (payload) => {
        if (this.isOpen && socket.writableLength < maxUnsentPongBytes) this.#control('pong', payload)
        this.#events?.alive()
      },
      pong: () => this.#events?.alive(),
      close: (code, reason) => this.#goodbye(code, reason),
    })
    // From the first moment: an error without a listener would end the process.
    socket.on('error', () => socket.destroy())
    socket.once('close', () => this.#closed())
    if (head.length > 0) socket.unshift(head)
  }

  /** From now on a message of the peer's may have so many bytes. */
  allow(maxBytes: number): void {
    this.#reader.maxBytes = maxBytes
  }

  get bufferedBytes(): number {
    return this.#socket.writableLength + this.#waitingLength
  }

  get isOpen(): boolean {
    return !this.#hasSentClose && !this.#end && !this.#isGone && this.#socket.writable
  }

  start(events: TransportEvents): void {
    this.#events = events
    if (this.#isGone) {
      queueMicrotask(() => this.#tellClosed())
      return
    }
    this.#socket.on('data', (chunk: Buffer) => this.#read(chunk))
    // A peer that hangs up without a goodbye hears no more of us.
    this.#socket.once('end', () => {
      this.flush()
      this.#socket.end()
      this.#endInTime()
    })
  }

  send(frame: string): void {
    if (!this.isOpen) return
    this.#waiting.push(frame)
    this.#waitingLength += frame.length
    this.#turn.ask()
    if (this.#waitingLength > maxWaitingLength || this.#waiting.length >= maxWaitingFrames) this.flush()
  }

  /** Writes what waits. */
  flush(): void {
    if (this.#waiting.length === 0) return
    const texts = this.#waiting
    this.#waiting = []
    this.#waitingLength = 0
    this.#write(this.#isMasked ? textFrames(texts, true) : serverFrames(texts))
  }

  ping(): void {
    if (this.isOpen) this.#control('ping')
  }

  close(code: number, reason: string): void {
    if (!this.isOpen) return
    this.#sendClose(code, reason)
    this.#endInTime()
  }

  terminate(): void {
    this.#reader.stop()
    this.#socket.destroy()
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  #read(chunk: Buffer): void {
    this.#events?.arrived?.()
    try {
      this.#reader.push(chunk)
    } catch (error) {
      const { closeCode = internalError, message } = error instanceof FrameFault ? error : { message: 'Internal error' }
      if (closeCode === tooLarge) this.#events?.tooLarge?.(message)
      this.#end ??= { code: closeCode, reason: message }
      this.#sendClose(closeCode, message)
      // What else the peer sends is still taken and dropped: unread, it would reset the connection and take the close frame away.
      this.#socket.end()
      this.#endInTime()
    }
  }

  /** The peer said goodbye, by itself or in answer to ours. */
  #goodbye(code: number, reason: string): void {
    this.#end ??= { code, reason }
    this.#sendClose(code === noCode ? undefined : code, '')
    this.#socket.end()
    this.#endInTime()
  }

  #sendClose(code: number | undefined, reason: string): void {
    if (this.#hasSentClose) return
    this.flush()
    this.#hasSentClose = true
    this.#control('close', closePayload(code, reason))
  }

  #control(kind: ControlKind, payload: Buffer = none): void {
    this.#write(controlFrame(kind, payload, this.#isMasked))
  }

  #write(frames: Buffer): void {
    if (this.#socket.writable) this.#socket.write(frames)
  }

  #endInTime(): void {
    if (this.#isGone) return
    this.#deadline ??= setTimeout(() => this.#socket.destroy(), closeDeadlineMs).unref()
  }

  #closed(): void {
    this.#isGone = true
    this.#waiting = []
    this.#waitingLength = 0
    clearTimeout(this.#deadline)
    if (this.#events) this.#tellClosed()
  }

  #tellClosed(): void {
    this.#events?.closed(this.#end ?? { code: lostCode, reason: '' })
  }
}

function closePayload(code: number | undefined, reason: string): Buffer {
  if (code === undefined) return none
  const text = Buffer.from(closeReason(reason))
  const payload = Buffer.alloc(2 + text.length)
  payload.writeUInt16BE(code)
  text.copy(payload, 2)
  return payload
}
