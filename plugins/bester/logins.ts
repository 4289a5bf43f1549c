import { ClusterError } from '../../lib/plugin.ts'
import type { Admission, ClusterView, UserPrincipal } from '../../lib/plugin.ts'

/** Passwords of one address that are checked at once: a flood from one is not to keep the others from logging in. */
const maxPerAddress = 4

interface Line {
  running: number
  readonly waiting: Array<() => void>
}

/** Checks names and passwords, with the limits on who may try how often. */
export class Logins {
  readonly #cluster: Pick<ClusterView, 'authenticateUser' | 'changePassword'>
  readonly #admission: Pick<Admission, 'checkLogins' | 'failed'>
  readonly #lines = new Map<string, Line>()

  constructor(cluster: Pick<ClusterView, 'authenticateUser' | 'changePassword'>, admission: Pick<Admission, 'checkLogins' | 'failed'>) {
    this.#cluster = cluster
    this.#admission = admission
  }

  /** Throws `unauthenticated`, `overloaded`. */
  authenticate(address: string, name: unknown, password: unknown): Promise<UserPrincipal> {
    if (typeof name !== 'string' || typeof password !== 'string' || name.trim() === '' || password === '') {
      return Promise.reject(new ClusterError('unauthenticated', 'A login needs a name and a password'))
    }
    return this.#attempt(address, () => this.#cluster.authenticateUser(name, password))
  }

  /** Throws `unauthenticated`, `invalid_request`, `overloaded`. */
  changePassword(address: string, principal: UserPrincipal, old: unknown, wanted: unknown): Promise<UserPrincipal> {
    if (typeof old !== 'string' || typeof wanted !== 'string') {
      return Promise.reject(new ClusterError('invalid_request', 'A change of password needs the old and the new one'))
    }
    return this.#attempt(address, () => this.#cluster.changePassword(principal, old, wanted))
  }

  async #attempt<T>(address: string, check: () => Promise<T>): Promise<T> {
    await this.#enter(address)
    try {
      this.#admission.checkLogins(address)
      return await check()
    } catch (error) {
      if (ClusterError.from(error).code === 'unauthenticated') this.#admission.failed(address)
      throw error
    } finally {
      this.#leave(address)
    }
  }

  async #enter(address: string): Promise<void> {
    let line = this.#lines.get(address)
    if (!line) this.#lines.set(address, line = { running: 0, waiting: [] })
    if (line.running < maxPerAddress) line.running += 1
    else await new Promise<void>((resolve) => line.waiting.push(resolve))
  }

  #leave(address: string): void {
    const line = this.#lines.get(address)
    if (!line) return
    const next = line.waiting.shift()
    if (next) return next()
    line.running -= 1
    if (line.running === 0) this.#lines.delete(address)
  }
}
