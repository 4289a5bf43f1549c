const shortLength = 126
const longLength = 127
const firstControl = 0x8
/** What a piece of a message costs whoever keeps it, however few bytes it has. */
const pieceBytes = 256

/** Reckons, from what a WebSocket's client sends (RFC 6455, 5.2), what is kept of a message until the rest of it has come. */
export class FrameMeter {
  readonly #header = Buffer.alloc(14)
  #headerLength = 0
  /** Bytes of the frame's payload that have not come; undefined while its header is not there. */
  #left: number | undefined
  #frameBytes = 0
  #messageBytes = 0
  #pieces = 0

  /** Takes what has come, unchanged, and gives the bytes that are kept now. */
  push(chunk: Buffer): number {
    let at = 0
    while (at < chunk.length) {
      if (this.#left === undefined) {
        this.#header[this.#headerLength] = chunk[at] ?? 0
        this.#headerLength += 1
        at += 1
        if (this.#headerLength === this.#fullHeaderLength()) this.#left = this.#payloadLength()
      } else {
        const come = Math.min(this.#left, chunk.length - at)
        this.#left -= come
        this.#frameBytes += come
        at += come
      }
      if (this.#left === 0) this.#endFrame()
    }
    const bytes = this.#messageBytes + this.#frameBytes + this.#headerLength
    this.#pieces = bytes === 0 ? 0 : this.#pieces + 1
    return bytes + this.#pieces * pieceBytes
  }

  #endFrame(): void {
    const [first = 0] = this.#header
    const isControl = (first & 0x0f) >= firstControl
    const isFinal = (first & 0x80) !== 0
    if (!isControl) this.#messageBytes = isFinal ? 0 : this.#messageBytes + this.#frameBytes
    this.#frameBytes = 0
    this.#headerLength = 0
    this.#left = undefined
  }

  #fullHeaderLength(): number {
    if (this.#headerLength < 2) return 2
    const second = this.#header[1] ?? 0
    const short = second & 0x7f
    return 2 + (short === shortLength ? 2 : short === longLength ? 8 : 0) + ((second & 0x80) === 0 ? 0 : 4)
  }

  #payloadLength(): number {
    const short = (this.#header[1] ?? 0) & 0x7f
    if (short === shortLength) return this.#header.readUInt16BE(2)
    return short === longLength ? Number(this.#header.readBigUInt64BE(2)) : short
  }
}
