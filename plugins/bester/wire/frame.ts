import { ClusterError } from '../../../lib/plugin.ts'

const headBytes = 4
const emptyBuffer = Buffer.alloc(0)

/** A frame: the length of the text in 4 bytes, little-endian, and the text in UTF-8. */
export function encodeFrame(text: string): Buffer {
  const length = Buffer.byteLength(text)
  const frame = Buffer.allocUnsafe(headBytes + length)
  frame.writeInt32LE(length)
  frame.write(text, headBytes)
  return frame
}

/** Cuts what a connection brings into frames, wherever TCP has split or joined them. */
export class FrameReader {
  readonly #maxBytes: number
  /** What has come and is not taken yet: `#bytes` of it from `#at` on. */
  #data: Buffer = emptyBuffer
  #at = 0
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Bytes that have come and are not taken yet. */
  get pendingBytes(): number {
    return this.#bytes
  }

  push(chunk: Buffer): void {
    if (this.#bytes === 0) {
      this.#data = chunk
      this.#at = 0
      this.#bytes = chunk.length
      return
    }
    const end = this.#at + this.#bytes
    if (end + chunk.length > this.#data.length) this.#grow(this.#bytes + chunk.length)
    chunk.copy(this.#data, this.#at + this.#bytes)
    this.#bytes += chunk.length
  }

  /** The text of the next frame that is whole, as bytes. Throws `malformed` for a length that can't be. */
  next(): Buffer | undefined {
    if (this.#bytes < headBytes) return undefined
    const length = this.#data.readInt32LE(this.#at)
    if (length <= 0 || length > this.#maxBytes) {
      throw new ClusterError('malformed', `A frame says that it has ${length} bytes; 1 to ${this.#maxBytes} are taken`)
    }
    if (this.#bytes < headBytes + length) return undefined
    const start = this.#at + headBytes
    const body = this.#data.subarray(start, start + length)
    this.#at += headBytes + length
    this.#bytes -= headBytes + length
    if (this.#bytes === 0) this.#data = emptyBuffer
    return body
  }

  /** By doubling, so that a frame in many pieces is not copied for each of them, and takes no more memory than it has brought. */
  #grow(needed: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, Math.min(2 * this.#bytes, this.#maxBytes + headBytes)))
    this.#data.copy(larger, 0, this.#at, this.#at + this.#bytes)
    this.#data = larger
    this.#at = 0
  }
}
