const newline = 0x0a
const carriageReturn = 0x0d

/** Cuts a stream of bytes into lines. One above the limit is left out whole, and never held. */
export class Lines {
  readonly #maxBytes: number
  #parts: Buffer[] = []
  #bytes = 0
  #isSkipping = false

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** The lines that these bytes complete, without their ends; empty ones are left out. */
  push(bytes: Buffer): string[] {
    const lines: string[] = []
    let from = 0
    for (let at = bytes.indexOf(newline); at !== -1; at = bytes.indexOf(newline, from)) {
      this.#keep(bytes.subarray(from, at))
      const line = this.#take()
      if (line !== '') lines.push(line)
      from = at + 1
    }
    this.#keep(bytes.subarray(from))
    return lines
  }

  #keep(part: Buffer): void {
    this.#bytes += part.length
    this.#isSkipping ||= this.#bytes > this.#maxBytes
    if (this.#isSkipping) this.#parts = []
    else if (part.length > 0) this.#parts.push(part)
  }

  #take(): string {
    const [first] = this.#parts
    const whole = this.#parts.length === 1 && first ? first : Buffer.concat(this.#parts)
    this.#parts = []
    this.#bytes = 0
    this.#isSkipping = false
    return whole.toString('utf8', 0, whole.at(-1) === carriageReturn ? whole.length - 1 : whole.length)
  }
}
