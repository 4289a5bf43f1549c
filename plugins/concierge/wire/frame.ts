const finAndText = 0x81
const maxInByte = 125
const maxInTwoBytes = 0xffff

/** A text as one unmasked WebSocket frame (RFC 6455, 5.2), ready for any number of sockets. */
export function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text)
  const start = length <= maxInByte ? 2 : length <= maxInTwoBytes ? 4 : 10
  const frame = Buffer.allocUnsafe(start + length)
  frame[0] = finAndText
  if (start === 2) {
    frame[1] = length
  } else if (start === 4) {
    frame[1] = 126
    frame.writeUInt16BE(length, 2)
  } else {
    frame[1] = 127
    frame.writeBigUInt64BE(BigInt(length), 2)
  }
  frame.write(text, start)
  return frame
}
