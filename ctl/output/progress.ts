import type { Terminal } from './output.ts'

const clearLine = '\r\x1b[K'

/** Shows on a terminal what is waited for, on one line that goes away; elsewhere nothing. */
export class Progress {
  readonly #stream: Terminal
  readonly #pending = new Set<string>()

  constructor(stream: Terminal) {
    this.#stream = stream
  }

  /** Shows `what` (`starting arena`) while the work goes on. */
  async during<T>(what: string, work: Promise<T>): Promise<T> {
    this.#pending.add(what)
    this.#draw()
    try {
      return await work
    } finally {
      this.#pending.delete(what)
      this.#draw()
    }
  }

  /** Takes the line away, so that something else can be printed. */
  clear(): void {
    if (this.#stream.isTTY && this.#pending.size > 0) this.#stream.write(clearLine)
  }

  #draw(): void {
    if (!this.#stream.isTTY) return
    const [first] = this.#pending
    const more = this.#pending.size > 1 ? ` and ${this.#pending.size - 1} more` : ''
    this.#stream.write(first === undefined ? clearLine : `${clearLine}${`${first}${more}`.slice(0, (this.#stream.columns || 80) - 3)} …`)
  }
}
