import { randomBytes } from 'node:crypto'
import { ClusterError } from '../../lib/errors/cluster-error.ts'

/** Memory in KiB, passes and threads of Argon2id: the least that is recommended for passwords (OWASP). */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const
/** Each takes a core for some milliseconds and 19 MiB, and a thread of those that also read and write files. */
const maxAtOnce = 2
const maxWaiting = 250

/** Makes and checks the hashes of passwords, few at a time: logins are not to take the machine from the cluster. */
export class Passwords {
  #running = 0
  readonly #waiting: Array<() => void> = []

  /** What is kept of a password. Throws `overloaded`. */
  hash(password: string): Promise<string> {
    return this.#inTurn(async () => (await import('@node-rs/argon2')).hash(password, cost))
  }

  /** Whether the password is that of the hash; without one it is not, which takes the same time. Throws `overloaded`. */
  verify(hash: string | undefined, password: string): Promise<boolean> {
    return this.#inTurn(async () => (await import('@node-rs/argon2')).verify(hash ?? nobodysHash, password))
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= maxAtOnce) {
      if (this.#waiting.length >= maxWaiting) {
        throw new ClusterError('overloaded', 'Too many passwords wait to be checked; try again in some seconds')
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    } else {
      this.#running += 1
    }
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#running -= 1
    }
  }
}

const nobodysHash = `$argon2id$v=19$m=${cost.memoryCost},t=${cost.timeCost},p=${cost.parallelism}$${base64(16)}$${base64(32)}`

function base64(bytes: number): string {
  return randomBytes(bytes).toString('base64').replace(/=+$/, '')
}
