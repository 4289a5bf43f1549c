import { isUtf8 } from 'node:buffer'
import type { ConsoleChunk } from './messages/console-output.ts'

/** Bytes of a console as they travel: `text` where they are whole UTF-8 characters, else `base64`. */
export function encodeBytes(bytes: Uint8Array): Pick<ConsoleChunk, 'text' | 'base64'> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return isUtf8(buffer) ? { text: buffer.toString('utf8') } : { base64: buffer.toString('base64') }
}

/** The same bytes again. */
export function decodeBytes({ text, base64 }: Pick<ConsoleChunk, 'text' | 'base64'>): Buffer {
  return text === undefined ? Buffer.from(base64 ?? '', 'base64') : Buffer.from(text, 'utf8')
}

/**
 * Length of the part of `bytes` that does not end within a UTF-8 character; the rest, at most three bytes, belongs
 * before what follows. Bytes that are no UTF-8 at their end are not held back.
 */
export function wholeCharacters(bytes: Uint8Array): number {
  const { length } = bytes
  for (let back = 1; back <= Math.min(3, length); back += 1) {
    const byte = bytes[length - back] ?? 0
    if ((byte & 0xc0) === 0x80) continue
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1
    return needed > back ? length - back : length
  }
  return length
}
