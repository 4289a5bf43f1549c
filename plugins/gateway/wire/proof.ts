import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** HMAC-SHA256 of a nonce in hex, by which somebody shows that he knows a secret. */
export function proofOf(secret: string, nonce: string): string {
  return createHmac('sha256', secret).update(nonce).digest('hex')
}

export function isProof(answer: string, secret: string, nonce: string): boolean {
  const expected = Buffer.from(proofOf(secret, nonce))
  const given = Buffer.from(answer.toLowerCase())
  return given.length === expected.length && timingSafeEqual(given, expected)
}

export function newNonce(): string {
  return randomBytes(32).toString('hex')
}
