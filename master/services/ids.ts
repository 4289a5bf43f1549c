import { putIn } from '../../lib/store/store.ts'
import type { Collection, Store, Write } from '../../lib/store/store.ts'

interface Counter { next: number }

/** An id that others made up and that is further ahead than this is stepped over once it is reached, instead of jumped to. */
const farAhead = 1_000_000

/** Small integers that are given out once and never again, also after what they named is deleted. */
export class IdSequence {
  readonly #counters: Collection<Counter>
  readonly #name: string
  readonly #isInUse: (id: number) => boolean
  #next: number

  /** `isInUse` tells of ids that others have made up. */
  constructor(store: Store, name: string, isInUse: (id: number) => boolean = () => false) {
    this.#counters = store.collection<Counter>('counters')
    this.#name = name
    this.#isInUse = isInUse
    this.#next = this.#counters.get(name)?.value.next ?? 1
  }

  /** The next id, and the write that must be in the same batch as what is made with it. */
  take(): { id: number; write: Write } {
    while (this.#isInUse(this.#next)) this.#next += 1
    const id = this.#next
    this.#next += 1
    return { id, write: putIn(this.#counters, this.#name, { next: this.#next }) }
  }

  /** Makes sure that `id`, which was given out elsewhere, is not given out again. */
  skip(id: number): Write[] {
    if (id < this.#next || id > this.#next + farAhead) return []
    this.#next = id + 1
    return [putIn(this.#counters, this.#name, { next: this.#next })]
  }
}
