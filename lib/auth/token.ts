import { createHash, randomBytes } from 'node:crypto'

/** A new bearer token: 256 random bits, with a prefix by which secret scanners and people know it. */
export function newToken(): string {
  return `corral_${randomBytes(32).toString('base64url')}`
}

/** What is kept of a token. A fast hash is enough for a secret that no one can guess. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}
