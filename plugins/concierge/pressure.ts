/** A publisher's connection, as far as it can be made to wait. */
export interface Holdable {
  hold(): void
  release(): void
}

/** A receiver with much waiting for it. */
export interface Congestible {
  /** It has not caught up in time once; nobody waits for it until it has. */
  isStalled: boolean
}

/** Bytes waiting for one receiver from which on it counts as congested: well below the bound at which it is closed. */
export const congestedBytes = 262_144

const patienceMs = 500

/**
 * Slows a publisher down who sends faster than most of his receivers can take it; without this a burst would close
 * healthy readers for being slow. Nobody waits for a minority: that is slow readers, and they delay no one. A wait ends
 * with the majority caught up, and after 500 ms at the latest.
 */
export class Pressure {
  readonly #congested = new Set<Congestible>()
  /** Publishers who wait, each with the number of congested receivers at which he may go on. */
  readonly #held = new Map<Holdable, number>()
  #timer: NodeJS.Timeout | undefined

  congested(receiver: Congestible): void {
    if (!receiver.isStalled) this.#congested.add(receiver)
  }

  /** The receiver has caught up, or is gone. */
  relieved(receiver: Congestible): void {
    receiver.isStalled = false
    if (!this.#congested.delete(receiver)) return
    for (const [publisher, enough] of this.#held) if (this.#congested.size <= enough) this.#release(publisher)
  }

  /** The publisher has sent something to this many, be it himself; `isReceiver` tells whether a congested one is among them. */
  published(publisher: Holdable, receivers: number, isReceiver: (receiver: Congestible) => boolean): void {
    if (this.#congested.size * 2 <= receivers || this.#held.has(publisher)) return
    let count = 0
    for (const receiver of this.#congested) if (isReceiver(receiver)) count += 1
    if (count * 2 <= receivers) return
    this.#held.set(publisher, this.#congested.size - Math.ceil(count / 2))
    publisher.hold()
    this.#timer ??= setTimeout(() => this.#loosePatience(), patienceMs)
  }

  /** Forgets a publisher that is gone. */
  forget(publisher: Holdable): void {
    if (this.#held.delete(publisher)) this.#settle()
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#held.clear()
    this.#congested.clear()
  }

  #loosePatience(): void {
    this.#timer = undefined
    for (const receiver of this.#congested) receiver.isStalled = true
    this.#congested.clear()
    for (const publisher of this.#held.keys()) this.#release(publisher)
  }

  #release(publisher: Holdable): void {
    this.#held.delete(publisher)
    this.#settle()
    publisher.release()
  }

  #settle(): void {
    if (this.#held.size > 0) return
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
