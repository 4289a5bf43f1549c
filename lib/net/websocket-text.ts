import type { RawData } from 'ws'

/** The longest reason that a close frame can carry (RFC 6455, 5.5). */
const maxReasonBytes = 123

/** The text of a message, be it a text frame or a binary one that holds text. */
export function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString()
  return Buffer.isBuffer(data) ? data.toString() : Buffer.from(data).toString()
}

/** A reason cut to what a close frame can carry. */
export function closeReason(reason: string): string {
  const bytes = Buffer.from(reason)
  if (bytes.length <= maxReasonBytes) return reason
  // A cut in the middle of a character would be an invalid close frame.
  let end = maxReasonBytes
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1
  return bytes.toString('utf8', 0, end)
}
