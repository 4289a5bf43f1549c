const firstBytes = 1_024
const none = Buffer.alloc(0)

/** Bytes that are put together piece by piece: however small the pieces, they take at most twice their length. */
export class GrowingBytes {
  #bytes: Buffer = none
  #length = 0

  get length(): number {
    return this.#length
  }

  append(piece: Buffer): void {
    const length = this.#length + piece.length
    if (length > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(firstBytes, 2 ** Math.ceil(Math.log2(length))))
      this.#bytes.copy(larger, 0, 0, this.#length)
      this.#bytes = larger
    }
    piece.copy(this.#bytes, this.#length)
    this.#length = length
  }

  /** What is there, as it lies here: good until the next call of `append`. */
  peek(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  /** What is there; afterwards this is empty. */
  take(): Buffer {
    const bytes = this.peek()
    this.#bytes = none
    this.#length = 0
    return bytes
  }
}
