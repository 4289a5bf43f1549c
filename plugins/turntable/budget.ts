/** How many names (ids, subscriptions, seats) are held for connections: for each, and for all together. */
export class Budget {
  readonly #perHolder: number
  readonly #total: number
  readonly #held = new Map<object, number>()
  #sum = 0

  constructor(limits: { readonly perHolder: number; readonly total: number }) {
    this.#perHolder = limits.perHolder
    this.#total = limits.total
  }

  /** Counts a name for its holder; false where it would be one too many. A long name counts as several. */
  take(holder: object, name: string): boolean {
    const cost = 1 + (name.length >> 8)
    const held = (this.#held.get(holder) ?? 0) + cost
    if (held > this.#perHolder || this.#sum + cost > this.#total) return false
    this.#held.set(holder, held)
    this.#sum += cost
    return true
  }

  /** Forgets all that was counted for a holder. */
  leave(holder: object): void {
    this.#sum -= this.#held.get(holder) ?? 0
    this.#held.delete(holder)
  }

  get sum(): number {
    return this.#sum
  }
}
