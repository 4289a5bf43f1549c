import { randomFillSync } from 'node:crypto'
import { frameKinds, headerLength, maskedBit, writeHeader } from './frame-header.ts'
import type { ControlKind } from './frame-header.ts'
import { applyMask, wordsOf } from './mask.ts'

const maskLength = 4
/** Masks must be such that nobody can foresee them (RFC 6455, 5.3); fetched for many frames at once. */
const masks = Buffer.alloc(8_192)
let nextMask = masks.length

/** Texts as one run of WebSocket frames, as a client sends them: each masked with four random bytes of its own. */
export function clientFrames(texts: readonly string[]): Buffer {
  const lengths: number[] = []
  let total = 0
  for (const text of texts) {
    const length = Buffer.byteLength(text)
    lengths.push(length)
    total += headerLength(length) + maskLength + length
  }
  const frames = Buffer.allocUnsafe(total)
  const words = wordsOf(frames)
  let offset = 0
  for (let index = 0; index < texts.length; index += 1) {
    const text = texts[index] ?? ''
    const length = lengths[index] ?? 0
    const start = writeMaskedHeader(frames, offset, frameKinds.text, length)
    // As many bytes as characters is plain ASCII, which is copied faster.
    offset = start + frames.write(text, start, length, length === text.length ? 'latin1' : 'utf8')
    applyMask(frames, words, start - maskLength, start, offset)
  }
  return frames
}

/** A control frame as a client sends it; `payload` has at most 125 bytes (RFC 6455, 5.5). */
export function clientControlFrame(kind: ControlKind, payload: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(headerLength(payload.length) + maskLength + payload.length)
  const start = writeMaskedHeader(frame, 0, frameKinds[kind], payload.length)
  payload.copy(frame, start)
  applyMask(frame, wordsOf(frame), start - maskLength, start, frame.length)
  return frame
}

/** Writes a header with a new mask, and gives the offset behind it. */
function writeMaskedHeader(frames: Buffer, offset: number, kind: number, length: number): number {
  const start = writeHeader(frames, offset, kind, length)
  frames[offset + 1] = (frames[offset + 1] ?? 0) | maskedBit
  if (nextMask === masks.length) {
    randomFillSync(masks)
    nextMask = 0
  }
  for (let index = 0; index < maskLength; index += 1) frames[start + index] = masks[nextMask + index] ?? 0
  nextMask += maskLength
  return start + maskLength
}
