/** A publisher's connection, as far as it can be made to wait. */
export interface Holdable {
  hold(): void
  release(): void
}

/** A receiver with much waiting for it. */
export interface Congestible {
  /** What is held against the bound at which it is closed. */
  readonly bufferedBytes: number
  /** It has not caught up in time once; nobody waits for it until it has. */
  isStalled: boolean
}

/** Time is counted in beats, so that a process which stood still does not take its receivers for slow ones. */
const beatMs = 50
const patienceBeats = 10
const fewBeats = 5
/** How long it takes until a beat that was spent on few may be spent again: 50 beats. */
const earnMs = 2_500

interface Hold<Receiver> {
  /** Receivers that have not caught up yet. */
  readonly waited: Set<Receiver>
  /** The publisher may go on when no more than these are left. */
  readonly enough: number
  readonly isForFew: boolean
  beats: number
}

/**
 * Slows a publisher down who sends faster than his receivers can take it; without this a burst would close healthy readers
 * for being slow. He waits until half of those that are behind have caught up, when most of his receivers are: for 500 ms
 * at the latest. Few are waited for only when they are about to be closed, which may be for a lost packet on their line:
 * 250 ms, and from then on a fiftieth of the time, for all of them and all publishers together. So slow readers delay no one.
 */
export class Pressure<Receiver extends Congestible = Congestible> {
  /** Bytes waiting for one receiver from which on it is to be reported as congested. */
  readonly congestedBytes: number
  readonly #endangeredBytes: number
  readonly #congested = new Set<Receiver>()
  readonly #endangered = new Set<Receiver>()
  readonly #held = new Map<Holdable, Hold<Receiver>>()
  #fewCredit = fewBeats
  #earnedAt = performance.now()
  #timer: NodeJS.Timeout | undefined

  /** `boundBytes` is what may wait for a receiver before it is closed. */
  constructor(boundBytes: number) {
    this.congestedBytes = boundBytes / 4
    this.#endangeredBytes = boundBytes / 2
  }

  /** More than `congestedBytes` wait for this receiver; to be called whenever more is added. */
  congested(receiver: Receiver): void {
    if (receiver.isStalled) return
    this.#congested.add(receiver)
    if (receiver.bufferedBytes > this.#endangeredBytes) this.#endangered.add(receiver)
  }

  /** The receiver has caught up, or is gone. */
  relieved(receiver: Receiver): void {
    receiver.isStalled = false
    if (!this.#congested.delete(receiver)) return
    this.#endangered.delete(receiver)
    const ready: Holdable[] = []
    for (const [publisher, { waited, enough }] of this.#held) {
      if (waited.delete(receiver) && waited.size <= enough) ready.push(publisher)
    }
    // Not before: who goes on may at once have to wait again, for the same receiver.
    for (const publisher of ready) this.#release(publisher)
  }

  /** The publisher has sent something to this many, be it himself; `isReceiver` tells whether a congested one is among them. */
  published(publisher: Holdable, receivers: number, isReceiver: (receiver: Receiver) => boolean): void {
    if (this.#congested.size === 0 || this.#held.has(publisher)) return
    const hold = this.#holdForMost(receivers, isReceiver) ?? this.#holdForFew(isReceiver)
    if (!hold) return
    this.#held.set(publisher, hold)
    publisher.hold()
    this.#timer ??= setInterval(() => this.#beat(), beatMs)
  }

  /** Forgets a publisher that is gone. */
  forget(publisher: Holdable): void {
    if (this.#held.delete(publisher)) this.#settle()
  }

  close(): void {
    clearInterval(this.#timer)
    this.#held.clear()
    this.#congested.clear()
    this.#endangered.clear()
  }

  #holdForMost(receivers: number, isReceiver: (receiver: Receiver) => boolean): Hold<Receiver> | undefined {
    if (this.#congested.size * 2 <= receivers) return undefined
    const waited = among(this.#congested, isReceiver)
    if (waited.size * 2 <= receivers) return undefined
    return { waited, enough: Math.floor(waited.size / 2), isForFew: false, beats: 0 }
  }

  #holdForFew(isReceiver: (receiver: Receiver) => boolean): Hold<Receiver> | undefined {
    if (this.#endangered.size === 0) return undefined
    const waited = among(this.#endangered, isReceiver)
    if (waited.size === 0) return undefined
    const now = performance.now()
    this.#fewCredit = Math.min(fewBeats, this.#fewCredit + (now - this.#earnedAt) / earnMs)
    this.#earnedAt = now
    return this.#fewCredit >= 1 ? { waited, enough: 0, isForFew: true, beats: 0 } : undefined
  }

  #beat(): void {
    const holds = [...this.#held]
    if (holds.some(([, { isForFew }]) => isForFew)) this.#fewCredit -= 1
    for (const [publisher, hold] of holds) {
      hold.beats += 1
      if (hold.isForFew) {
        if (this.#fewCredit < 1) this.#release(publisher)
      } else if (hold.beats >= patienceBeats) {
        for (const receiver of hold.waited) this.#stalled(receiver)
        this.#release(publisher)
      }
    }
  }

  #stalled(receiver: Receiver): void {
    receiver.isStalled = true
    this.#congested.delete(receiver)
    this.#endangered.delete(receiver)
  }

  #release(publisher: Holdable): void {
    this.#held.delete(publisher)
    this.#settle()
    publisher.release()
  }

  #settle(): void {
    if (this.#held.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}

function among<Receiver>(receivers: ReadonlySet<Receiver>, isReceiver: (receiver: Receiver) => boolean): Set<Receiver> {
  const found = new Set<Receiver>()
  for (const receiver of receivers) if (isReceiver(receiver)) found.add(receiver)
  return found
}
