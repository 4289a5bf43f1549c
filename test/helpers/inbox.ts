/** What a test's client has been sent, to be taken in its order, each within a deadline. */
export class Inbox<Frame> {
  readonly #deadlineMs: number
  readonly #frames: Frame[] = []
  #wake: () => void = () => {}
  #ended: string | undefined

  constructor(deadlineMs: number) {
    this.#deadlineMs = deadlineMs
  }

  /** Frames that came and have not been taken. */
  get size(): number {
    return this.#frames.length
  }

  push(frame: Frame): void {
    this.#frames.push(frame)
    this.#wake()
  }

  /** Nothing more will come, and why. */
  end(why: string): void {
    this.#ended = why
    this.#wake()
  }

  /** The next frame. Throws when there is none left after the end, or none comes in time. */
  async take(): Promise<Frame> {
    const deadline = Date.now() + this.#deadlineMs
    for (;;) {
      const frame = this.#frames.shift()
      if (frame !== undefined) return frame
      if (this.#ended !== undefined) throw new Error(this.#ended)
      const remainingMs = deadline - Date.now()
      if (remainingMs <= 0) throw new Error(`No frame came within ${this.#deadlineMs} ms`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, remainingMs)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }
}
