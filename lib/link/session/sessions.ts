import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Session } from './session.ts'

interface Entry<Owner> {
  readonly session: Session
  readonly secretHash: Buffer
  readonly owner: Owner
}

/** The sessions that a server keeps, by id. Only who knows a session's secret can resume it. */
export class Sessions<Owner> {
  readonly #entries = new Map<string, Entry<Owner>>()

  get size(): number {
    return this.#entries.size
  }

  /** Keeps a session and returns the secret for its peer. */
  add(session: Session, owner: Owner): string {
    const secret = randomBytes(24).toString('base64url')
    this.#entries.set(session.id, { session, secretHash: hash(secret), owner })
    return secret
  }

  /** The session, or undefined when there is none with this id and secret. */
  find(id: string, secret: string): { session: Session; owner: Owner } | undefined {
    const entry = this.#entries.get(id)
    return entry?.session.isOpen && timingSafeEqual(entry.secretHash, hash(secret)) ? entry : undefined
  }

  remove(session: Session): void {
    this.#entries.delete(session.id)
  }
}

function hash(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}
