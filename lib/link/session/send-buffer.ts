interface Kept {
  readonly seq: number
  readonly frame: string
}

/** Frames that the peer has not acknowledged, in order. Its size is counted so that its owner can bound it. */
export class SendBuffer {
  #kept: (Kept | undefined)[] = []
  #first = 0
  #bytes = 0

  /** Length of all kept frames in UTF-16 units, which bounds their bytes in memory. */
  get bytes(): number {
    return this.#bytes
  }

  get length(): number {
    return this.#kept.length - this.#first
  }

  push(seq: number, frame: string): void {
    this.#kept.push({ seq, frame })
    this.#bytes += frame.length
  }

  /** Forgets everything up to and including `seq`. */
  acknowledge(seq: number): void {
    let kept = this.#kept[this.#first]
    while (kept && kept.seq <= seq) {
      this.#bytes -= kept.frame.length
      // Let go of at once: what lives on until the list is shortened costs the garbage collector a copy.
      this.#kept[this.#first] = undefined
      this.#first += 1
      kept = this.#kept[this.#first]
    }
    // Moving the rest is paid for by the many that were forgotten.
    if (this.#first > 1_024 && this.#first * 2 > this.#kept.length) {
      this.#kept = this.#kept.slice(this.#first)
      this.#first = 0
    }
    if (this.#first === this.#kept.length) {
      this.#kept = []
      this.#first = 0
    }
  }

  *frames(): Iterable<string> {
    for (let index = this.#first; index < this.#kept.length; index += 1) yield this.#kept[index]?.frame ?? ''
  }

  clear(): void {
    this.#kept = []
    this.#first = 0
    this.#bytes = 0
  }
}
