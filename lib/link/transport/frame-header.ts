/** What a frame is, its last-of-a-message bit included (RFC 6455, 5.2). */
export const frameKinds = { text: 0x81, binary: 0x82, close: 0x88, ping: 0x89, pong: 0x8a } as const

export type ControlKind = 'close' | 'ping' | 'pong'

/** In the second byte of a frame: its payload is masked, as all that a client sends. */
export const maskedBit = 0x80

/** Lengths below this stand in the second byte of a frame; the two numbers announce a longer form. */
const shortLength = 126
const longLength = 127

/** How many bytes stand before a payload of so many, without a mask. */
export function headerLength(length: number): number {
  if (length < shortLength) return 2
  return length <= 0xffff ? 4 : 10
}

/** Writes the header of a frame that is not masked, and gives the offset behind it. */
export function writeHeader(frames: Buffer, offset: number, kind: number, length: number): number {
  frames[offset] = kind
  if (length < shortLength) {
    frames[offset + 1] = length
    return offset + 2
  }
  if (length <= 0xffff) {
    frames[offset + 1] = shortLength
    return frames.writeUInt16BE(length, offset + 2)
  }
  frames[offset + 1] = longLength
  frames.writeUInt32BE(Math.floor(length / 2 ** 32), offset + 2)
  return frames.writeUInt32BE(length % 2 ** 32, offset + 6)
}
