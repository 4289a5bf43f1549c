/** Bytes that connections may hold together. */
export class ByteBudget {
  readonly #maxBytes: number
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Somebody's part of it. */
  share(): Share {
    let held = 0
    return {
      hold: (bytes) => {
        this.#bytes += bytes - held
        held = bytes
        return this.#bytes <= this.#maxBytes
      },
      release: () => {
        this.#bytes -= held
        held = 0
      },
    }
  }
}

export interface Share {
  /** Says how many bytes are held now; false when all together are too many. */
  hold(bytes: number): boolean
  release(): void
}
