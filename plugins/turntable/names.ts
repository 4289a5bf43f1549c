import { limits } from './limits.ts'

/** A user id or a channel name as it arrives: a text that is not empty and not too long. */
export function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= limits.nameLength
}

/** A hash of a message, of JSON or MessagePack. */
export function isHash(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The names of a list without repetitions, what is no name left out. */
export function namesOf(value: unknown): string[] {
  return Array.isArray(value) ? [...new Set(value.filter(isName))] : []
}

/** Cuts a list so that each part fits a frame. */
export function partsOf<T>(items: readonly T[], lengthOf: (item: T) => number): T[][] {
  const parts: T[][] = []
  let part: T[] = []
  let bytes = 0
  for (const item of items) {
    // A UTF-16 unit takes three bytes of UTF-8 at most, an escaped one six.
    const size = lengthOf(item) * 6 + 16
    if (part.length > 0 && (part.length >= limits.entriesPerFrame || bytes + size > limits.entriesBytesPerFrame)) {
      parts.push(part)
      part = []
      bytes = 0
    }
    part.push(item)
    bytes += size
  }
  if (part.length > 0) parts.push(part)
  return parts
}
