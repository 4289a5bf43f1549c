export interface HeldBytesLimits {
  readonly perHolder: number
  /** For all holders of one address. */
  readonly perAddress: number
  readonly total: number
}

/** Somebody for whom memory is held: a door's connection or client. */
export interface Holder {
  readonly address: string
}

/**
 * How much memory is held for what peers asked to be kept, as it is reckoned by whoever keeps it: for each, for each
 * address, and in all. Where all together hold too much, it is the one who holds most that has to go.
 */
export class HeldBytes<H extends Holder> {
  readonly #limits: HeldBytesLimits
  readonly #held = new Map<H, number>()
  readonly #byAddress = new Map<string, number>()
  #sum = 0

  constructor(limits: HeldBytesLimits) {
    this.#limits = limits
  }

  get sum(): number {
    return this.#sum
  }

  /** Counts bytes for a holder; false, with nothing counted, where he or his address would have too many. */
  take(holder: H, bytes: number): boolean {
    const own = this.of(holder) + bytes
    const ofAddress = (this.#byAddress.get(holder.address) ?? 0) + bytes
    if (own > this.#limits.perHolder || ofAddress > this.#limits.perAddress) return false
    this.force(holder, bytes)
    return true
  }

  /** Counts bytes, positive or negative, for a holder to whom no limit applies but that of all together. */
  force(holder: H, bytes: number): void {
    this.#set(this.#held, holder, bytes)
    this.#set(this.#byAddress, holder.address, bytes)
    this.#sum += bytes
  }

  of(holder: H): number {
    return this.#held.get(holder) ?? 0
  }

  /** The one who holds most, while all together hold too much. */
  get largest(): H | undefined {
    if (this.#sum <= this.#limits.total) return undefined
    let largest: H | undefined
    let most = -1
    for (const [holder, bytes] of this.#held) {
      if (bytes <= most) continue
      most = bytes
      largest = holder
    }
    return largest
  }

  /** Forgets all that was counted for a holder. */
  leave(holder: H): void {
    this.force(holder, -this.of(holder))
  }

  #set<K>(held: Map<K, number>, key: K, bytes: number): void {
    const now = (held.get(key) ?? 0) + bytes
    if (now === 0) held.delete(key)
    else held.set(key, now)
  }
}
