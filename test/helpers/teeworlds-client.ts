import { createSocket, type Socket } from 'node:dgram'
import { setTimeout as delay } from 'node:timers/promises'

const NET_VERSION = '0.7 802f1be60a05665f'
const CLIENT_VERSION = 0x0705
const CONTROL = { connect: 1, accept: 2, close: 4, token: 5 } as const
const SYSTEM = { info: 1, ready: 18, enterGame: 19 } as const
const GAME = { say: 24, startInfo: 27 } as const
const HANDSHAKE_PADDING = 508

/**
 * As much of a Teeworlds 0.7 client as it takes to join a real server, speak and leave. Acknowledges nothing, so the server
 * drops it after ten seconds.
 */
export class TeeworldsClient {
  readonly #socket: Socket = createSocket('udp4')
  readonly #port: number
  readonly #ownToken = Buffer.from([1, 2, 3, 4])
  #serverToken = Buffer.from([0xff, 0xff, 0xff, 0xff])
  #sequence = 0
  #accepted: (() => void) | undefined

  private constructor(port: number) {
    this.#port = port
    this.#socket.on('error', () => {})
    this.#socket.on('message', (packet) => this.#read(packet))
  }

  /** Joins the server on 127.0.0.1; its log says when the player is in. */
  static async join(port: number, name: string): Promise<TeeworldsClient> {
    const client = new TeeworldsClient(port)
    const accepted = new Promise<boolean>((resolve) => { client.#accepted = () => resolve(true) })
    client.#control(CONTROL.token, HANDSHAKE_PADDING)
    if (!await Promise.race([accepted, delay(5_000, false, { ref: false })])) throw new Error('Teeworlds did not accept the client')
    client.#message(true, SYSTEM.info, text(NET_VERSION), text(''), integer(CLIENT_VERSION))
    client.#message(true, SYSTEM.ready)
    const skin = ['standard', '', '', 'standard', 'standard', 'standard'].map(text)
    const colours = Array.from({ length: 12 }, () => integer(0))
    client.#message(false, GAME.startInfo, text(name), text('clan'), integer(-1), ...skin, ...colours)
    client.#message(true, SYSTEM.enterGame)
    return client
  }

  say(words: string): void {
    this.#message(false, GAME.say, integer(1), integer(-1), text(words))
  }

  async leave(): Promise<void> {
    // A socket that is closed too soon takes what it was to send along.
    await new Promise<void>((resolve) => { this.#control(CONTROL.close, 0, resolve) })
    await new Promise<void>((resolve) => { this.#socket.close(resolve) })
  }

  #read(packet: Buffer): void {
    const isControl = ((packet[0] ?? 0) >> 2 & 1) === 1
    if (!isControl) return
    if (packet[7] === CONTROL.token) {
      this.#serverToken = Buffer.from(packet.subarray(8, 12))
      this.#control(CONTROL.connect, HANDSHAKE_PADDING)
    } else if (packet[7] === CONTROL.accept) {
      this.#accepted?.()
    }
  }

  #control(type: number, padding: number, done: () => void = () => {}): void {
    this.#send(1, 0, [Buffer.from([type]), this.#ownToken, Buffer.alloc(padding)], done)
  }

  /** One message as one chunk in one packet, marked as vital so that the server keeps the order. */
  #message(isSystem: boolean, id: number, ...parts: Buffer[]): void {
    const data = Buffer.concat([integer(id << 1 | (isSystem ? 1 : 0)), ...parts])
    this.#sequence = (this.#sequence + 1) % 1024
    const size = data.length
    const head = [0x40 | size >> 6 & 0x3f, size & 0x3f | this.#sequence >> 2 & 0xc0, this.#sequence & 0xff]
    this.#send(0, 1, [Buffer.from(head), data])
  }

  #send(flags: number, chunks: number, parts: Buffer[], done: () => void = () => {}): void {
    const packet = Buffer.concat([Buffer.from([flags << 2, 0, chunks]), this.#serverToken, ...parts])
    this.#socket.send(packet, this.#port, '127.0.0.1', done)
  }
}

function text(value: string): Buffer {
  return Buffer.from(`${value}\0`)
}

/** Teeworlds' packed integers: sign and six bits, then seven bits a byte. */
function integer(value: number): Buffer {
  const sign = value < 0 ? 0x40 : 0
  let rest = value < 0 ? ~value : value
  const bytes = [sign | rest & 0x3f]
  for (rest >>= 6; rest > 0; rest >>= 7) {
    bytes.push((bytes.pop() ?? 0) | 0x80, rest & 0x7f)
  }
  return Buffer.from(bytes)
}
