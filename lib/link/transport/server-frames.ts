import { frameKinds, headerLength, writeHeader } from './frame-header.ts'
import { textFrames } from './frames.ts'

/** What is kept for the next receiver is kept for good: no more than this. */
const maxKeptBytes = 65_536

let lastTexts: readonly string[] = []
let lastFrames: Buffer = Buffer.alloc(0)

/**
 * Texts as one run of WebSocket frames, as a server sends them: unmasked, so that many receivers of the same texts can
 * be given the very same bytes. Nobody may change the buffer, or the array, afterwards.
 */
export function serverFrames(texts: readonly string[]): Buffer {
  if (areSame(texts, lastTexts)) return lastFrames
  const frames = textFrames(texts, false)
  if (frames.length <= maxKeptBytes) {
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

function areSame(texts: readonly string[], others: readonly string[]): boolean {
  if (texts.length !== others.length || texts.length === 0) return false
  for (let index = 0; index < texts.length; index += 1) if (texts[index] !== others[index]) return false
  return true
}
