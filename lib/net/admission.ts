import { ClusterError } from '../errors/cluster-error.ts'

export interface AdmissionLimits {
  /** Connections of one address that have not shown who they are. */
  readonly unauthenticatedConnections: number
  /** Failed logins of one address within a minute. */
  readonly failedLoginsPerMinute: number
}

interface Address {
  waiting: number
  /** Times of the failed logins of the last minute, oldest first. */
  failures: number[]
}

const minuteMs = 60_000
/** Addresses that are remembered at most; beyond it those with nothing open are forgotten first. */
const maxAddresses = 100_000

/** A connection that has not shown who it is; `done` is called once it has, or is closed. */
export interface Admitted {
  done(): void
}

/** What one address may do before it is known, the same at every door. */
export class Admission {
  readonly #limits: AdmissionLimits
  readonly #now: () => number
  readonly #addresses = new Map<string, Address>()

  constructor(limits: AdmissionLimits, now: () => number = Date.now) {
    this.#limits = limits
    this.#now = now
  }

  /** Counts a new connection until `done`. Throws `overloaded` when the address has too many that wait, or failed too often. */
  admit(address: string): Admitted {
    const entry = this.#entry(address)
    this.checkLogins(address)
    if (entry.waiting >= this.#limits.unauthenticatedConnections) {
      throw new ClusterError('overloaded', `Too many connections from ${address} have not logged in`, {
        details: { limit: 'limits.unauthenticated_connections' },
      })
    }
    entry.waiting += 1
    let isDone = false
    return {
      done: () => {
        if (isDone) return
        isDone = true
        entry.waiting -= 1
        this.#tidy(address, entry)
      },
    }
  }

  /** Throws `overloaded` while the address has failed to log in too often. */
  checkLogins(address: string): void {
    const entry = this.#addresses.get(address)
    if (!entry) return
    const since = this.#now() - minuteMs
    while ((entry.failures[0] ?? Infinity) <= since) entry.failures.shift()
    if (entry.failures.length >= this.#limits.failedLoginsPerMinute) {
      throw new ClusterError('overloaded', `Too many failed logins from ${address}; wait a minute`, {
        details: { limit: 'limits.failed_logins_per_minute' },
      })
    }
  }

  /** Notes a failed login. */
  failed(address: string): void {
    this.#entry(address).failures.push(this.#now())
  }

  #entry(address: string): Address {
    let entry = this.#addresses.get(address)
    if (!entry) {
      if (this.#addresses.size >= maxAddresses) this.#forgetQuiet()
      this.#addresses.set(address, entry = { waiting: 0, failures: [] })
    }
    return entry
  }

  #tidy(address: string, { waiting, failures }: Address): void {
    if (waiting === 0 && failures.length === 0) this.#addresses.delete(address)
  }

  #forgetQuiet(): void {
    const since = this.#now() - minuteMs
    for (const [address, { waiting, failures }] of this.#addresses) {
      if (waiting === 0 && (failures.at(-1) ?? 0) <= since) this.#addresses.delete(address)
    }
  }
}
