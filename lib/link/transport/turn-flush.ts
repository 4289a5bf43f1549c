import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks'

/** Runs something outside the asynchronous context of whoever is running now. */
const outside = AsyncLocalStorage.snapshot()

/**
 * When what waits for a connection is written: the first of a turn of the event loop as soon as what runs now is done, so
 * that a lone message waits for nothing; all else of the turn together, at its end.
 *
 * `flush` may be called with nothing waiting. It runs outside the asynchronous context of who sent something, which may
 * be a plugin; what it throws is uncaught, and keeps no other from its flush.
 */
export class TurnFlush {
  /** To be flushed when what runs now is done. */
  static #asked: TurnFlush[] = []
  /** Flushed in this turn. */
  static #flushed: TurnFlush[] = []
  readonly #flush: () => void
  #isAsked = false
  #hasFlushed = false

  constructor(flush: () => void) {
    this.#flush = flush
  }

  /** Something waits. */
  ask(): void {
    if (this.#isAsked) return
    this.#isAsked = true
    if (this.#hasFlushed) return
    // Behind all promises that are being settled: what answers one frame of a chunk shall wait for what answers the last.
    if (TurnFlush.#asked.push(this) === 1) queueMicrotask(() => process.nextTick(outside, TurnFlush.#flushAsked))
  }

  static #flushAsked(this: void): void {
    const asked = TurnFlush.#asked
    TurnFlush.#asked = []
    if (TurnFlush.#flushed.length === 0) setImmediate(outside, TurnFlush.#endTurn)
    for (const one of asked) {
      one.#isAsked = false
      one.#hasFlushed = true
      TurnFlush.#flushed.push(one)
      contain(one.#flush)
    }
  }

  static #endTurn(this: void): void {
    const flushed = TurnFlush.#flushed
    TurnFlush.#flushed = []
    for (const one of flushed) {
      one.#isAsked = false
      one.#hasFlushed = false
      contain(one.#flush)
    }
  }
}

/** A plugin's: it runs in the asynchronous context in which this is made, so that what it throws is known for the plugin's. */
export function pluginFlush(flush: () => void): TurnFlush {
  return new TurnFlush(AsyncResource.bind(() => contain(flush)))
}

function contain(flush: () => void): void {
  try {
    flush()
  } catch (error) {
    process.nextTick(() => { throw error })
  }
}
