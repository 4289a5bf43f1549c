import { frameKinds, headerLength, maskLength, writeHeader } from './frame-header.ts'
import type { ControlKind } from './frame-header.ts'
import { applyMask, wordsOf } from './mask.ts'

/** Texts as one run of WebSocket frames: masked as a client sends them, or as a server does. */
export function textFrames(texts: readonly string[], isMasked: boolean): Buffer {
  const lengths: number[] = []
  let total = 0
  for (const text of texts) {
    const length = Buffer.byteLength(text)
    lengths.push(length)
    total += headerLength(length, isMasked) + length
  }
  const frames = Buffer.allocUnsafe(total)
  const words = isMasked ? wordsOf(frames) : undefined
  let offset = 0
  for (let index = 0; index < texts.length; index += 1) {
    const text = texts[index] ?? ''
    const length = lengths[index] ?? 0
    const start = writeHeader(frames, offset, frameKinds.text, length, isMasked)
    // As many bytes as characters is plain ASCII, which is copied faster.
    offset = start + frames.write(text, start, length, length === text.length ? 'latin1' : 'utf8')
    if (words) applyMask(frames, words, start - maskLength, start, offset)
  }
  return frames
}

/** A control frame; `payload` has at most 125 bytes (RFC 6455, 5.5). */
export function controlFrame(kind: ControlKind, payload: Buffer, isMasked: boolean): Buffer {
  const frame = Buffer.allocUnsafe(headerLength(payload.length, isMasked) + payload.length)
  const start = writeHeader(frame, 0, frameKinds[kind], payload.length, isMasked)
  payload.copy(frame, start)
  if (isMasked) applyMask(frame, wordsOf(frame), start - maskLength, start, frame.length)
  return frame
}
