const finalText = 0x81
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
    offset = writeHeader(frames, offset, length)
    // As many bytes as characters is plain ASCII, which is copied faster.
    offset += frames.write(text, offset, length, length === text.length ? 'latin1' : 'utf8')
  }
  if (total <= maxKeptBytes) {
    lastTexts = texts
    lastFrames = frames
  }
  return frames
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
function writeHeader(frames: Buffer, offset: number, length: number): number {
  frames[offset] = finalText
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
