const finalText = 0x81
const finalBinary = 0x82
const finalControl = { close: 0x88, ping: 0x89, pong: 0x8a } as const
/** Lengths below this stand in the second byte of a frame; the two numbers above announce a longer form (RFC 6455, 5.2). */
const shortLength = 126
const longLength = 127
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
    offset = writeHeader(frames, offset, finalText, length)
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
  const start = writeHeader(frame, 0, isText ? finalText : finalBinary, length)
  if (isText) frame.write(message, start)
  else message.copy(frame, start)
  return frame
}

/** What stands before a text of so many bytes, for those who send a text in parts. */
export function textFrameHeader(length: number): Buffer {
  const header = Buffer.allocUnsafe(headerLength(length))
  writeHeader(header, 0, finalText, length)
  return header
}

/** A control frame as a server sends it; `payload` has at most 125 bytes (RFC 6455, 5.5). */
export function controlFrame(kind: keyof typeof finalControl, payload: Buffer = Buffer.alloc(0)): Buffer {
  return Buffer.concat([Buffer.from([finalControl[kind], payload.length]), payload])
}

function areSame(texts: readonly string[], others: readonly string[]): boolean {
  if (texts.length !== others.length || texts.length === 0) return false
  for (let index = 0; index < texts.length; index += 1) if (texts[index] !== others[index]) return false
  return true
}

function headerLength(length: number): number {
  if (length < shortLength) return 2
  return length <= 0xffff ? 4 : 10
}

/** Writes a frame's header and gives the offset behind it. */
function writeHeader(frames: Buffer, offset: number, kind: number, length: number): number {
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
