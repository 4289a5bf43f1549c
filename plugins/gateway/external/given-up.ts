import { limits } from '../limits.ts'
import { hasId } from './session.ts'

interface Connect {
  readonly request: { readonly idKey: string | undefined }
  readonly deadlineAt: number
}

interface Owed {
  readonly idKey: string | undefined
  /** Until then the answer is waited for; on the clock of `performance.now()`. */
  readonly deadlineAt: number
}

interface Departure {
  readonly owed: Owed[]
  /** The provider has been told since that the client is gone. */
  isTold: boolean
}

/**
 * Connects that clients have given up before the provider answered, by the clients' numbers: their answers are nobody's
 * any more, least of all a newer connect's.
 */
export class GivenUp {
  readonly #records = new Map<number, Departure>()

  /** The provider owes answers to these, oldest first; `isTold` says whether a notice went out behind them. */
  add(cn: number, connects: readonly Connect[], isTold: boolean): void {
    const record = this.#records.get(cn) ?? { owed: [], isTold }
    record.isTold = isTold
    record.owed.push(...connects.map(({ request: { idKey }, deadlineAt }) => ({ idKey, deadlineAt })))
    record.owed.splice(0, record.owed.length - limits.givenUpConnects)
    // As the newest; the one that has waited longest makes room.
    this.#records.delete(cn)
    if (record.owed.length > 0) this.#records.set(cn, record)
    const [oldest] = this.#records.keys()
    if (oldest !== undefined && this.#records.size > limits.givenUpClients) this.#records.delete(oldest)
  }

  /**
   * The client is about to be connected anew. Whether the provider has to be told before that it had gone, since it may
   * be about to accept an earlier connect.
   */
  connects(cn: number): boolean {
    const record = this.#records.get(cn)
    if (!record) return false
    const mustTell = !record.isTold && record.owed.some(isWaitedFor)
    record.isTold = false
    return mustTell
  }

  /** The provider has been told that the client is gone. */
  told(cn: number): void {
    const record = this.#records.get(cn)
    if (record) record.isTold = true
  }

  /**
   * Takes the answer to a connect, if it is one that is owed: the oldest with its id or, where the provider repeats none,
   * the oldest. One that came too late yields to an open connect that may have the answer as well.
   */
  take(cn: number, idKey: string | undefined, hasOpen: boolean): { wasTold: boolean } | undefined {
    const record = this.#records.get(cn)
    const found = record?.owed.find((one) => hasId(one, idKey) && (!hasOpen || isWaitedFor(one)))
    if (!record || !found) return undefined
    record.owed.splice(record.owed.indexOf(found), 1)
    if (record.owed.length === 0) this.#records.delete(cn)
    return { wasTold: record.isTold }
  }

  clear(): void {
    this.#records.clear()
  }
}

function isWaitedFor({ deadlineAt }: Owed): boolean {
  return deadlineAt > performance.now()
}
