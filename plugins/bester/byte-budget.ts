import { HeldBytes } from '../../lib/plugin.ts'

/** What each may hold besides: small frames are counted nowhere. */
const freeBytes = 16_384

export interface Holder {
  readonly address: string
  /** Called when others need room and it holds most; it releases what it holds. */
  cut(): void
}

/** Bytes that connections may hold together. Where they hold more, the one that holds most is cut, and not who comes last. */
export class ByteBudget {
  readonly #held: HeldBytes<Holder>

  constructor(maxBytes: number) {
    this.#held = new HeldBytes({ perHolder: maxBytes, perAddress: maxBytes, total: maxBytes })
  }

  /** Says how many bytes somebody holds now. It may be cut by that. */
  hold(holder: Holder, bytes: number): void {
    const more = Math.max(0, bytes - freeBytes) - this.#held.of(holder)
    if (more === 0) return
    this.#held.force(holder, more)
    for (let largest = this.#held.largest; largest; largest = this.#held.largest) largest.cut()
  }

  release(holder: Holder): void {
    this.#held.leave(holder)
  }
}
