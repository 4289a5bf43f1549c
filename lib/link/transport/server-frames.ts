import { frameKinds, headerLength, writeHeader } from './frame-header.ts'
import type { ControlKind } from './frame-header.ts'

/** What is kept for the next receiver is kept for good: no more than this. */
const maxKeptBytes = 65_536

let lastTexts: readonly string[] = []
let lastFrames = Buffer.alloc(0)

/**
 * Texts as one run of WebSocket frames, as a server sends them: unmasked, so that many receivers of the same texts can
 * be given the very same bytes. Nobody may change the buffer, or the array, afterwards.
 */
export function serverFrames(texts: readonly string[]): Buffer {
  if (areSame(texts, lastTexts)) return lastFrames
  const lengths: number[] = []
  let total = 0
  for (const text of texts) {
    const length = Buffer.byteLength(text)
    lengths.push(length)
    total += headerLength(length) + length
  }
  const frames = Buffer.allocUnsafe(total)
  let offset = 0
  for (let index = 0; index < texts.length; index += 1) {
    const text = texts[index] ?? ''
    const length = lengths[index] ?? 0
    offset = writeHeader(frames, offset, frameKinds.text, length)
    // As many bytes as characters is plain ASCII, which is copied faster.
    offset += frames.write(text, offset, length, length === text.length ? 'latin1' : 'utf8')
  }
  if (total <= maxKeptBytes) {
    lastTexts = texts
    lastFrames = frames
  }
  return frames
}

/** A message as one such frame: a text, or a binary one of these bytes. */
export function messageFrame(message: string | Buffer): Buffer {
  const isText = typeof message === 'string'
  const length = isText ? Buffer.byteLength(message) : message.length
  const frame = Buffer.allocUnsafe(headerLength(length) + length)
  const start = writeHeader(frame, 0, isText ? frameKinds.text : frameKinds.binary, length)
  if (isText) frame.write(message, start)
  else message.copy(frame, start)
  return frame
}

/** What stands before a text of so many bytes, for those who send a text in parts. */
export function textFrameHeader(length: number): Buffer {
  const header = Buffer.allocUnsafe(headerLength(length))
  writeHeader(header, 0, frameKinds.text, length)
  return header
}

/** A control frame as a server sends it; `payload` has at most 125 bytes (RFC 6455, 5.5). */
export function serverControlFrame(kind: ControlKind, payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from([frameKinds[kind], payload.length]), payload])
}

function areSame(texts: readonly string[], others: readonly string[]): boolean {
  if (texts.length !== others.length || texts.length === 0) return false
  for (let index = 0; index < texts.length; index += 1) if (texts[index] !== others[index]) return false
  return true
}
