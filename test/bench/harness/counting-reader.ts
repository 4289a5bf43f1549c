import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import type { Socket } from 'node:net'

/** What is shorter is an answer, a greeting or a sign of life, and no message that is counted. */
const minMessageBytes = 250

/** Counts the messages of many readers. */
export class Tally {
  #received = 0
  #awaited = 0
  #all: () => void = () => {}

  /** Counts from now on; resolves when so many have come. */
  expect(count: number): Promise<void> {
    this.#received = 0
    this.#awaited = count
    return new Promise((resolve) => { this.#all = resolve })
  }

  add(): void {
    this.#received += 1
    if (this.#received === this.#awaited) this.#all()
  }
}

/** A WebSocket client that counts messages without looking at them: the servers are measured, not the readers. */
export class CountingReader {
  readonly #socket: Socket
  readonly #tally: Tally
  #rest = 0
  #buffer = Buffer.alloc(0)
  #seen: (text: string) => void = () => {}

  private constructor(socket: Socket, tally: Tally) {
    this.#socket = socket
    this.#tally = tally
  }

  static async connect(url: string, tally: Tally): Promise<CountingReader> {
    const { hostname, port, pathname, search } = new URL(url)
    const socket = connectTcp(Number(port), hostname)
    socket.setNoDelay(true)
    socket.on('error', () => socket.destroy())
    socket.write(`GET ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`
      + `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`)
    const [head] = await once(socket, 'data') as [Buffer]
    const reader = new CountingReader(socket, tally)
    socket.on('data', (bytes: Buffer) => reader.#read(bytes))
    reader.#read(head.subarray(head.indexOf('\r\n\r\n') + 4))
    return reader
  }

  /** Calls the listener with each short frame. */
  onShort(listener: (text: string) => void): void {
    this.#seen = listener
  }

  /** Sends texts in one write, masked with zeros. */
  send(texts: readonly string[]): void {
    this.#socket.write(Buffer.concat(texts.flatMap((text) => {
      const bytes = Buffer.from(text)
      const length = bytes.length < 126 ? [0x80 | bytes.length] : [0xfe, bytes.length >> 8, bytes.length & 0xff]
      return [Buffer.from([0x81, ...length, 0, 0, 0, 0]), bytes]
    })))
  }

  /** Sends a text and resolves with the first short frame that holds another. */
  async ask(text: string, awaitedText: string): Promise<void> {
    const answered = new Promise<void>((resolve) => this.onShort((frame) => { if (frame.includes(awaitedText)) resolve() }))
    this.send([text])
    await answered
    this.onShort(() => {})
  }

  pause(): void {
    this.#socket.pause()
  }

  close(): void {
    this.#socket.destroy()
  }

  #read(bytes: Buffer): void {
    let at = this.#rest
    let view = bytes
    if (this.#buffer.length > 0) {
      view = Buffer.concat([this.#buffer, bytes])
      at = 0
    }
    while (at < view.length) {
      const short = (view[at + 1] ?? 0) & 0x7f
      const start = at + (short < 126 ? 2 : short === 126 ? 4 : 10)
      if (view.length < start) break
      const length = short < 126 ? short : short === 126 ? view.readUInt16BE(at + 2) : Number(view.readBigUInt64BE(at + 2))
      if (length < minMessageBytes) {
        if (view.length < start + length) break
        this.#short(view.toString('utf8', start, start + length))
      } else {
        this.#tally.add()
      }
      at = start + length
    }
    this.#rest = Math.max(0, at - view.length)
    this.#buffer = at < view.length ? Buffer.from(view.subarray(at)) : Buffer.alloc(0)
  }

  #short(text: string): void {
    // Socket.io's sign of life.
    if (text === '2') this.send(['3'])
    this.#seen(text)
  }
}
