import { createHash, timingSafeEqual } from 'node:crypto'

/** Whether two secrets are the same. Neither their contents nor their lengths show in the time that it takes. */
export function isSameSecret(given: string, expected: string): boolean {
  return timingSafeEqual(createHash('sha256').update(given).digest(), createHash('sha256').update(expected).digest())
}
