/** The longest text of a line; what follows up to the next newline is dropped. */
export const maxLineBytes = 16 * 1024

/** One line of a game's output. */
export interface OutputLine {
  /** Where its first byte stands in the output. */
  offset: number
  /** Without the line break; bytes that are not UTF-8 are replaced by U+FFFD. */
  text: string
  /** The line was longer than 16 KiB; `text` is its beginning. */
  isCut: boolean
}

/**
 * Turns followed output into lines for whoever matches them. A line that is too long is cut rather than continued as a
 * line of its own, so that no player's text can be made to stand at the beginning of a line.
 */
export class LineSplitter {
  #start: number
  #expected: number
  #parts: Uint8Array[] = []
  #kept = 0

  /** `offset` is where a line begins. */
  constructor(offset: number) {
    this.#start = offset
    this.#expected = offset
  }

  /** The lines that these bytes complete. After a gap in the offsets, what was begun before it ends there. */
  push(offset: number, bytes: Uint8Array): OutputLine[] {
    const lines: OutputLine[] = []
    if (offset !== this.#expected) {
      const begun = this.flush()
      if (begun) lines.push(begun)
      this.#start = offset
    }
    this.#expected = offset + bytes.length
    let from = 0
    for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, from)) {
      lines.push(this.#take(offset + at, bytes.subarray(from, at)))
      from = at + 1
      this.#start = offset + from
    }
    this.#keep(bytes.subarray(from))
    return lines
  }

  /** What was begun and not completed, for the end of a run. */
  flush(): OutputLine | undefined {
    if (this.#expected === this.#start) return undefined
    const line = this.#take(this.#expected, new Uint8Array())
    this.#start = this.#expected
    return line
  }

  #keep(bytes: Uint8Array): void {
    const room = maxLineBytes - this.#kept
    if (bytes.length === 0 || room === 0) return
    // A copy, or one short part would hold on to its whole chunk.
    this.#parts.push(Uint8Array.from(bytes.subarray(0, room)))
    this.#kept += Math.min(bytes.length, room)
  }

  #take(end: number, last: Uint8Array): OutputLine {
    const bytes = this.#parts.length === 0 ? last : Buffer.concat([...this.#parts, last])
    const isCut = end - this.#start > maxLineBytes
    const length = isCut ? maxLineBytes : bytes.length - (bytes.at(-1) === 13 ? 1 : 0)
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, length).toString('utf8')
    this.#parts = []
    this.#kept = 0
    return { offset: this.#start, text, isCut }
  }
}
