import { randomFillSync } from 'node:crypto'

/** What a frame is, its last-of-a-message bit included (RFC 6455, 5.2). */
export const frameKinds = { text: 0x81, binary: 0x82, close: 0x88, ping: 0x89, pong: 0x8a } as const

export type ControlKind = 'close' | 'ping' | 'pong'

/** In the second byte of a frame: its payload is masked, as all that a client sends. */
export const maskedBit = 0x80
/** The mask is the last of a header. */
export const maskLength = 4

/** Lengths below this stand in the second byte of a frame; the two numbers announce a longer form. */
const shortLength = 126
const longLength = 127

/** Masks must be such that nobody can foresee them (RFC 6455, 5.3); fetched for many frames at once. */
const masks = Buffer.alloc(8_192)
let nextMask = masks.length

/** How many bytes stand before a payload of so many. */
export function headerLength(length: number, isMasked = false): number {
  const plain = length < shortLength ? 2 : length <= 0xffff ? 4 : 10
  return isMasked ? plain + maskLength : plain
}

/** Writes the header of a frame, masked with four random bytes of its own, and gives the offset behind it. */
export function writeHeader(frames: Buffer, offset: number, kind: number, length: number, isMasked = false): number {
  frames[offset] = kind
  const end = writeLength(frames, offset + 1, length)
  if (!isMasked) return end
  frames[offset + 1] = (frames[offset + 1] ?? 0) | maskedBit
  return writeMask(frames, end)
}

function writeLength(frames: Buffer, offset: number, length: number): number {
  if (length < shortLength) {
    frames[offset] = length
    return offset + 1
  }
  if (length <= 0xffff) {
    frames[offset] = shortLength
    return frames.writeUInt16BE(length, offset + 1)
  }
  frames[offset] = longLength
  frames.writeUInt32BE(Math.floor(length / 2 ** 32), offset + 1)
  return frames.writeUInt32BE(length % 2 ** 32, offset + 5)
}

function writeMask(frames: Buffer, offset: number): number {
  if (nextMask === masks.length) {
    randomFillSync(masks)
    nextMask = 0
  }
  for (let index = 0; index < maskLength; index += 1) frames[offset + index] = masks[nextMask + index] ?? 0
  nextMask += maskLength
  return offset + maskLength
}
