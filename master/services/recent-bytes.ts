const minCapacity = 1_024

/** The latest bytes of a stream, up to a bound, in a ring. Places are counted from the begin of the stream. */
export class RecentBytes {
  readonly #maxBytes: number
  #ring = Buffer.alloc(0)
  #begin = 0
  #end = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Place of the first byte that is there still. */
  get begin(): number {
    return this.#begin
  }

  /** Place behind the last byte. */
  get end(): number {
    return this.#end
  }

  append(bytes: Buffer): void {
    const rest = bytes.length > this.#maxBytes ? bytes.subarray(bytes.length - this.#maxBytes) : bytes
    this.#grow(Math.min(this.#maxBytes, this.#end - this.#begin + rest.length))
    this.#end += bytes.length
    this.#begin = Math.max(this.#begin, this.#end - this.#maxBytes)
    this.#write(rest, this.#end - rest.length)
  }

  /** A copy of the bytes between two places. */
  slice(from: number, to: number): Buffer {
    const size = this.#ring.length
    if (to <= from || size === 0) return Buffer.alloc(0)
    const [first, last] = [from % size, to - from]
    return first + last <= size ? Buffer.from(this.#ring.subarray(first, first + last)) : Buffer.concat([this.#ring.subarray(first), this.#ring.subarray(0, first + last - size)])
  }

  /** Place of the first such byte from a place on. */
  indexOf(byte: number, from: number): number | undefined {
    const size = this.#ring.length
    for (let at = from; at < this.#end; at += 1) if (this.#ring[at % size] === byte) return at
    return undefined
  }

  #write(bytes: Buffer, place: number): void {
    const at = place % this.#ring.length
    const first = bytes.copy(this.#ring, at)
    bytes.copy(this.#ring, 0, first)
  }

  #grow(wanted: number): void {
    if (wanted <= this.#ring.length) return
    const kept = this.slice(this.#begin, this.#end)
    this.#ring = Buffer.alloc(Math.min(this.#maxBytes, Math.max(minCapacity, 2 ** Math.ceil(Math.log2(wanted)))))
    if (kept.length > 0) this.#write(kept, this.#begin)
  }
}
