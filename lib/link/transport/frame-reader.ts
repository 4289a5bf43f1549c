import { isUtf8 } from 'node:buffer'
import { GrowingBytes } from './growing-bytes.ts'
import { maskedBit, maskLength } from './frame-header.ts'
import { applyMask, wordsOf } from './mask.ts'

/** What a peer sent that may not be sent, with the close code that says so (RFC 6455, 7.4.1). */
export class FrameFault extends Error {
  readonly closeCode: number

  constructor(closeCode: number, message: string) {
    super(message)
    this.closeCode = closeCode
  }
}

/** Stands for a close frame without a code; no such code is ever sent. */
export const noCode = 1005

/** Told of what is read, in the order in which it was sent. */
export interface FrameEvents {
  /** A whole message, be it a text or a binary one that holds text. */
  text(text: string): void
  ping(payload: Buffer): void
  pong(): void
  /** The last that is read. `code` is `noCode` where the peer gave none. */
  close(code: number, reason: string): void
}

const opcodes = { continuation: 0x0, text: 0x1, binary: 0x2, close: 0x8, ping: 0x9, pong: 0xa } as const
const protocolError = 1002
const invalidPayload = 1007
export const tooLarge = 1009
const maxControlLength = 125
const replacement = '\uFFFD'

interface Frame {
  readonly isFinal: boolean
  readonly opcode: number
  readonly start: number
  readonly end: number
}

/**
 * Reads what one side of a WebSocket sends (RFC 6455, 5), without extensions: a client's frames, all of which are masked,
 * or a server's, none of which is. Frames are taken from a chunk where they lie; only what a chunk has of an unfinished
 * one is copied.
 */
export class FrameReader {
  /** Bounds a message, and so what is kept of one. */
  maxBytes: number
  readonly #isMasked: boolean
  readonly #events: FrameEvents
  /** The beginning of a frame whose rest has not come. */
  readonly #begun = new GrowingBytes()
  /** What has come of a message in fragments. */
  readonly #fragments = new GrowingBytes()
  #fragmented: number | undefined
  #isDone = false

  constructor(sender: 'client' | 'server', maxBytes: number, events: FrameEvents) {
    this.#isMasked = sender === 'client'
    this.maxBytes = maxBytes
    this.#events = events
  }

  /** Reads a chunk, which is changed. Throws FrameFault; nothing is read after that, nor after a close frame. */
  push(chunk: Buffer): void {
    if (this.#isDone) return
    try {
      if (this.#begun.length === 0) this.#keep(chunk, this.#readAll(chunk))
      else this.#readOn(chunk)
    } catch (error) {
      this.stop()
      throw error
    }
  }

  /** Reads nothing any more. */
  stop(): void {
    this.#isDone = true
  }

  #readOn(chunk: Buffer): void {
    this.#begun.append(chunk)
    const end = this.#readAll(this.#begun.peek())
    if (end > 0) this.#keep(this.#begun.take(), end)
  }

  #keep(bytes: Buffer, from: number): void {
    if (from < bytes.length && !this.#isDone) this.#begun.append(bytes.subarray(from))
  }

  /** Reads all frames that are whole, and gives the offset behind them. */
  #readAll(bytes: Buffer): number {
    const words = this.#isMasked ? wordsOf(bytes) : undefined
    let at = 0
    while (!this.#isDone) {
      const frame = this.#readHeader(bytes, at)
      if (!frame || frame.end > bytes.length) break
      const { start, end } = frame
      if (words) applyMask(bytes, words, start - maskLength, start, end)
      if (frame.opcode >= opcodes.close) this.#control(frame.opcode, bytes.subarray(start, end))
      else this.#data(frame, bytes)
      at = end
    }
    return at
  }

  /** Where a frame's payload lies and what it is, or undefined while its header is not there. */
  #readHeader(bytes: Buffer, at: number): Frame | undefined {
    if (at + 2 > bytes.length) return undefined
    const first = bytes[at] ?? 0
    const second = bytes[at + 1] ?? 0
    const isFinal = (first & 0x80) !== 0
    const opcode = first & 0x0f
    const short = second & 0x7f
    this.#expectAllowed(first, second, opcode)
    const lengthBytes = short < 126 ? 0 : short === 126 ? 2 : 8
    const start = at + 2 + lengthBytes + (this.#isMasked ? maskLength : 0)
    if (start > bytes.length) return undefined
    const length = lengthBytes === 0 ? short : lengthBytes === 2 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2))
    const before = opcode < opcodes.close ? this.#fragments.length : 0
    if (before + length > this.maxBytes) throw new FrameFault(tooLarge, `A message is larger than ${this.maxBytes} bytes`)
    return { isFinal, opcode, start, end: start + length }
  }

  #expectAllowed(first: number, second: number, opcode: number): void {
    if ((first & 0x70) !== 0) throw new FrameFault(protocolError, 'A frame has reserved bits set')
    if (((second & maskedBit) !== 0) !== this.#isMasked) throw new FrameFault(protocolError, `A frame is ${this.#isMasked ? 'not ' : ''}masked`)
    if (opcode >= opcodes.close) {
      if (opcode > opcodes.pong) throw new FrameFault(protocolError, `There is no frame of kind ${opcode}`)
      if ((first & 0x80) === 0) throw new FrameFault(protocolError, 'A control frame is fragmented')
      if ((second & 0x7f) > maxControlLength) throw new FrameFault(protocolError, 'A control frame is too long')
      return
    }
    if (opcode > opcodes.binary) throw new FrameFault(protocolError, `There is no frame of kind ${opcode}`)
    if ((opcode === opcodes.continuation) !== (this.#fragmented !== undefined)) {
      throw new FrameFault(protocolError, 'The fragments of messages are mixed up')
    }
  }

  #data({ isFinal, opcode, start, end }: Frame, bytes: Buffer): void {
    if (isFinal && this.#fragmented === undefined) {
      this.#events.text(textOf(bytes, start, end, opcode === opcodes.text))
      return
    }
    this.#fragments.append(bytes.subarray(start, end))
    this.#fragmented ??= opcode
    if (!isFinal) return
    const isText = this.#fragmented === opcodes.text
    const message = this.#fragments.take()
    this.#fragmented = undefined
    this.#events.text(textOf(message, 0, message.length, isText))
  }

  #control(opcode: number, payload: Buffer): void {
    if (opcode === opcodes.ping) this.#events.ping(payload)
    else if (opcode === opcodes.pong) this.#events.pong()
    else this.#close(payload)
  }

  #close(payload: Buffer): void {
    if (payload.length === 1) throw new FrameFault(protocolError, 'A close frame is cut short')
    const code = payload.length === 0 ? noCode : payload.readUInt16BE(0)
    if (payload.length > 0 && !isCloseCode(code)) throw new FrameFault(protocolError, `There is no close code ${code}`)
    const reason = textOf(payload, Math.min(2, payload.length), payload.length, true)
    this.stop()
    this.#events.close(code, reason)
  }
}

/** The text of a part of a buffer. Throws FrameFault where it must be UTF-8 and is not. */
function textOf(bytes: Buffer, start: number, end: number, isText: boolean): string {
  const text = bytes.toString('utf8', start, end)
  // What is not UTF-8 is replaced by this, so that most texts need not be looked at twice.
  if (isText && text.includes(replacement) && !isUtf8(bytes.subarray(start, end))) throw new FrameFault(invalidPayload, 'A text is not UTF-8')
  return text
}

function isCloseCode(code: number): boolean {
  return (code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006) || (code >= 3000 && code <= 4999)
}
