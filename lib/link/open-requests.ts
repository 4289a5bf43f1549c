interface Entry<T> {
  readonly seq: number
  readonly value: T
}

const firstSlots = 8
const mostSlots = 256

/**
 * What waits for an answer, by the number of its request. Numbers only rise, so that the recent ones have a slot each;
 * those that wait long make room and go to a map. All in a map would be simpler, but one that is filled and emptied all
 * the time leaves tables behind that keep each other, and all they ever held, until the next full garbage collection.
 */
export class OpenRequests<T> {
  #recent: (Entry<T> | undefined)[] = []
  readonly #older = new Map<number, T>()
  #size = 0

  get size(): number {
    return this.#size
  }

  /** `seq` is higher than all before. */
  add(seq: number, value: T): void {
    if (this.#size * 2 >= this.#recent.length && this.#recent.length < mostSlots) this.#grow()
    this.#size += 1
    this.#put({ seq, value })
  }

  get(seq: number): T | undefined {
    const entry = this.#recent[this.#slotOf(seq)]
    return entry?.seq === seq ? entry.value : this.#older.get(seq)
  }

  /** False when there is none. */
  delete(seq: number): boolean {
    const slot = this.#slotOf(seq)
    if (this.#recent[slot]?.seq === seq) this.#recent[slot] = undefined
    else if (!this.#older.delete(seq)) return false
    this.#size -= 1
    return true
  }

  /** Takes all out, oldest first. */
  clear(): T[] {
    const recent = this.#recent.filter((entry) => entry !== undefined).sort((a, b) => a.seq - b.seq)
    const all = [...this.#older.entries()].sort(([a], [b]) => a - b).map(([, value]) => value)
    for (const { value } of recent) all.push(value)
    this.#recent = []
    this.#older.clear()
    this.#size = 0
    return all
  }

  #put(entry: Entry<T>): void {
    const slot = this.#slotOf(entry.seq)
    const before = this.#recent[slot]
    if (before) this.#older.set(before.seq, before.value)
    this.#recent[slot] = entry
  }

  #grow(): void {
    const entries = this.#recent
    this.#recent = Array.from({ length: Math.max(firstSlots, entries.length * 2) })
    for (const entry of entries) if (entry) this.#recent[this.#slotOf(entry.seq)] = entry
  }

  #slotOf(seq: number): number {
    return seq & (this.#recent.length - 1)
  }
}
