const polynomial = 0xed_b8_83_20
const carriageReturn = 0x0d

const table = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1
  return crc
})

/**
 * The signed 32-bit CRC-32 of a text as the first server of this protocol computed it: carriage returns are skipped,
 * and each UTF-16 unit is encoded by itself, an astral character as two surrogates of three bytes each.
 */
export function signedCrc32(text: string): number {
  let crc = -1
  const add = (byte: number): void => { crc = (crc >>> 8) ^ (table[(crc ^ byte) & 0xff] ?? 0) }
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit === carriageReturn) continue
    if (unit < 0x80) {
      add(unit)
    } else if (unit < 0x800) {
      add(0xc0 | (unit >> 6))
      add(0x80 | (unit & 0x3f))
    } else {
      add(0xe0 | (unit >> 12))
      add(0x80 | ((unit >> 6) & 0x3f))
      add(0x80 | (unit & 0x3f))
    }
  }
  return ~crc
}

/** Index of the server that an object, a user or a channel, belongs to: `|crc32(id)| % servers`. */
export function shardOf(id: string, servers: number): number {
  return Math.abs(signedCrc32(id)) % servers
}
