import { setTimeout as wait } from 'node:timers/promises'
import type { Link } from '../../lib/link/link.ts'
import { setInstanceOutputSubscriptions } from '../../lib/link/messages/console.ts'
import type { Logger } from '../../lib/log/logger.ts'
import { Backoff } from '../../lib/net/backoff.ts'

interface Parts {
  /** The link to a slave while it is connected. */
  link(slaveId: number): Pick<Link, 'channel' | 'send'> | undefined
  /** The instances of a slave whose output somebody wants, at this moment. */
  wanted(slaveId: number): number[]
  /** A slave knows again, after it could not be told: output may have been missed. */
  toldLate(slaveId: number): void
  readonly log: Logger
}

const backoff = { baseMs: 200, capMs: 5_000 } as const

/** Tells slaves which consoles they are to send, again and again where that fails while their links are up. */
export class ConsoleOrders {
  readonly #parts: Parts
  readonly #closed = new AbortController()
  /** Slaves that are told again. */
  readonly #trying = new Map<number, Promise<void>>()
  readonly #stale = new Set<number>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Resolves when the slave has been told, or is away: then it must be told when it comes back. Never rejects. */
  async tell(slaveId: number): Promise<void> {
    if (!await this.#try(slaveId)) await this.#tellAgain(slaveId)
  }

  close(): void {
    this.#closed.abort()
  }

  #tellAgain(slaveId: number): Promise<void> {
    this.#stale.add(slaveId)
    let trying = this.#trying.get(slaveId)
    if (!trying) {
      trying = this.#keepTrying(slaveId).finally(() => this.#trying.delete(slaveId))
      this.#trying.set(slaveId, trying)
    }
    return trying
  }

  async #keepTrying(slaveId: number): Promise<void> {
    const delays = new Backoff(backoff)
    while (this.#stale.has(slaveId)) {
      await wait(delays.next(), undefined, { signal: this.#closed.signal, ref: false }).catch(() => {})
      if (this.#closed.signal.aborted) return
      // What is wanted may change while the slave is told.
      this.#stale.delete(slaveId)
      if (!await this.#try(slaveId)) this.#stale.add(slaveId)
    }
    this.#parts.toldLate(slaveId)
  }

  /** False when the slave is there and was not told. */
  async #try(slaveId: number): Promise<boolean> {
    const link = this.#parts.link(slaveId)
    // One that can't be told sends all output anyway.
    if (!link?.channel.carries(setInstanceOutputSubscriptions)) return true
    try {
      await link.send(setInstanceOutputSubscriptions, { instance_ids: this.#parts.wanted(slaveId) })
      return true
    } catch (error) {
      this.#parts.log.debug('A slave could not be told which consoles are followed', { slaveId, error: String(error) })
      return this.#parts.link(slaveId) === undefined
    }
  }
}
