import { isIPv6 } from 'node:net'
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
/** Addresses that are remembered at most; beyond it those with nothing open are forgotten, the longest known first. */
const maxAddresses = 100_000

/** A connection that has not shown who it is; `done` is called once it has, or is closed. */
export interface Admitted {
  done(): void
}

/**
 * What one address may do before it is known, the same at every door. An IPv6 address stands for its /64, of which
 * every host has as many as it likes.
 */
export class Admission {
  readonly #limits: AdmissionLimits
  readonly #now: () => number
  readonly #addresses = new Map<string, Address>()
  /** Of the connection that is being taken over. */
  #onKnown: (() => void) | undefined

  constructor(limits: AdmissionLimits, now: () => number = Date.now) {
    this.#limits = limits
    this.#now = now
  }

  /** Counts a new connection until `done`. Throws `overloaded` when the address has too many that wait. */
  admit(address: string): Admitted {
    const key = keyOf(address)
    const entry = this.#entry(key)
    if (entry.waiting >= this.#limits.unauthenticatedConnections) {
      throw new ClusterError('overloaded', `Too many connections from ${address} have not logged in; close some, or raise limits.unauthenticated_connections`, {
        details: { limit: 'limits.unauthenticated_connections' },
      })
    }
    entry.waiting += 1
    const onKnown = this.#onKnown
    this.#onKnown = undefined
    let isDone = false
    return {
      done: () => {
        if (isDone) return
        isDone = true
        onKnown?.()
        entry.waiting -= 1
        if (entry.waiting === 0 && entry.failures.length === 0) this.#addresses.delete(key)
      },
    }
  }

  /** Runs what takes a connection over, and calls `onKnown` once that one is done; at once when it does not count among the unknown. */
  during(takeOver: () => void, onKnown: () => void): void {
    this.#onKnown = onKnown
    try {
      takeOver()
    } finally {
      this.#onKnown?.()
      this.#onKnown = undefined
    }
  }

  /**
   * What `check` says of something that nobody can guess, such as a token: whoever shows a good one is let in, however
   * often others of his address have failed. Throws what it throws; where that is `unauthenticated`, it is noted, and
   * `overloaded` once the address has failed too often.
   */
  attempt<T>(address: string, check: () => T): T {
    try {
      return check()
    } catch (error) {
      if (ClusterError.from(error).code !== 'unauthenticated') throw error
      this.checkLogins(address)
      this.failed(address)
      throw error
    }
  }

  /**
   * Throws `overloaded` while the address has failed to log in too often. To be called before anything is compared that
   * can be guessed, such as a password.
   */
  checkLogins(address: string): void {
    const key = keyOf(address)
    const entry = this.#addresses.get(key)
    if (!entry) return
    const since = this.#now() - minuteMs
    while ((entry.failures[0] ?? Infinity) <= since) entry.failures.shift()
    if (entry.failures.length >= this.#limits.failedLoginsPerMinute) {
      throw new ClusterError('overloaded', `Too many failed logins from ${address}; wait a minute`, {
        details: { limit: 'limits.failed_logins_per_minute' },
      })
    }
    if (entry.waiting === 0 && entry.failures.length === 0) this.#addresses.delete(key)
  }

  /** Notes a failed login. */
  failed(address: string): void {
    const { failures } = this.#entry(keyOf(address))
    failures.push(this.#now())
    if (failures.length > this.#limits.failedLoginsPerMinute) failures.shift()
  }

  #entry(key: string): Address {
    let entry = this.#addresses.get(key)
    if (!entry) {
      if (this.#addresses.size >= maxAddresses) this.#forgetOldest()
      this.#addresses.set(key, entry = { waiting: 0, failures: [] })
    }
    return entry
  }

  /** Makes room for some more, so that a flood of addresses does not make every new one search. */
  #forgetOldest(): void {
    let room = maxAddresses / 100
    for (const [key, { waiting }] of this.#addresses) {
      if (waiting > 0) continue
      this.#addresses.delete(key)
      room -= 1
      if (room === 0) return
    }
  }
}

function keyOf(address: string): string {
  const bare = address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
  if (!isIPv6(bare)) return bare
  const [left = '', right] = bare.split('::')
  const groups = left === '' ? [] : left.split(':')
  const missing = right === undefined ? 0 : 8 - groups.length - (right === '' ? 0 : right.split(':').length)
  return [...groups, ...Array.from({ length: missing }, () => '0'), ...(right ? right.split(':') : [])].slice(0, 4).join(':')
}
