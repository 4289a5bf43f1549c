import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { WebSocket, WebSocketServer } from 'ws'
import { openMemoryStore } from '../../lib/store/memory-store.ts'
import type { Store } from '../../lib/store/store.ts'
import { TokenService } from '../../master/services/tokens.ts'
import { plugin } from '../../plugins/gateway/index.ts'
import type { Cleanups } from './cleanups.ts'
import { Inbox } from './inbox.ts'
import { startTestMaster } from './master.ts'
import type { TestMaster } from './master.ts'

// What a frame holds is up to the test to say.
export type Frame = Record<string, any> // oxlint-disable-line typescript/no-explicit-any

const deadlineMs = 5_000

/** What a peer of the gateway is sent, parsed when it is taken. */
class Peer {
  readonly #inbox = new Inbox<string>(deadlineMs)

  get size(): number {
    return this.#inbox.size
  }

  push(text: string): void {
    this.#inbox.push(text)
  }

  end(why: string): void {
    this.#inbox.end(`Nothing more comes: ${why}`)
  }

  nextText(): Promise<string> {
    return this.#inbox.take()
  }

  async next(): Promise<Frame> {
    return JSON.parse(await this.nextText()) as Frame
  }

  /** Takes all frames up to one that fits, and gives that. */
  async until(fits: (frame: Frame) => boolean): Promise<Frame> {
    for (;;) {
      const frame = await this.next()
      if (fits(frame)) return frame
    }
  }
}

/** A client as others write it: on ws, knowing JSON and nothing of the gateway. */
export class GatewayClient extends Peer {
  readonly ws: WebSocket
  readonly closed: Promise<number>

  private constructor(url: string) {
    super()
    this.ws = new WebSocket(`${url.replace('http', 'ws')}/gateway`)
    this.ws.on('error', () => {})
    this.ws.on('message', (data: Buffer) => this.push(data.toString()))
    this.closed = new Promise((resolve) => {
      this.ws.on('close', (code, reason) => {
        this.end(`closed with ${code} ${reason.toString()}`)
        resolve(code)
      })
    })
  }

  static async connect(cleanups: Cleanups, url: string): Promise<GatewayClient> {
    const client = new GatewayClient(url)
    cleanups.add(() => client.ws.terminate())
    await once(client.ws, 'open')
    return client
  }

  send(frame: object): void {
    this.ws.send(JSON.stringify(frame))
  }

  /** Sends frames in one write, so that they are all there before the first is answered. */
  sendTogether(frames: readonly object[]): void {
    const { _socket: socket } = this.ws as unknown as { _socket: Socket }
    socket.cork()
    for (const frame of frames) this.send(frame)
    socket.uncork()
  }

  raw(text: string | Buffer): void {
    this.ws.send(text)
  }

  /** Sends a frame and gives the next one that comes. */
  ask(frame: object): Promise<Frame> {
    this.send(frame)
    return this.next()
  }

  /** The id of a service once it is online. Takes all frames up to the list that says so. */
  async service(name: string): Promise<number> {
    const find = ({ data }: Frame): Frame | undefined => (data as Frame[]).find((one) => one.name === name && one.online)
    const list = await this.until((frame) => frame.type === 0 && find(frame) !== undefined)
    return find(list)?.id as number
  }

  /** Frames that came before the answer to a question asked now. */
  async settled(): Promise<Frame[]> {
    this.raw('?')
    const frames: Frame[] = []
    for (;;) {
      const frame = await this.next()
      if (frame.type === 2 && frame.subtype === null) return frames
      frames.push(frame)
    }
  }
}

/** A provider as others write it, on ws:// or tcp://. It answers what it is told to, and keeps the rest to be taken. */
export class FakeProvider extends Peer {
  readonly url: string
  /** Answers of its own by subtype; what has none is kept only. */
  readonly answers = new Map<number, (frame: Frame) => object | undefined>()
  readonly #write: (text: string) => void
  readonly #drop: () => void
  readonly #stop: () => Promise<void>

  constructor(url: string, write: (text: string) => void, drop: () => void, stop: () => Promise<void>) {
    super()
    this.url = url
    this.#write = write
    this.#drop = drop
    this.#stop = stop
    this.answers.set(0, () => ({ ok: true, data: [] }))
  }

  received(text: string): void {
    this.push(text)
    const frame = JSON.parse(text) as Frame
    const { cn, subtype, id } = frame
    const answer = this.answers.get(subtype as number)?.(frame)
    if (answer) this.send({ type: 2, cn, subtype, ...(id === undefined ? {} : { id }), ...answer })
  }

  send(frame: object): void {
    this.#write(JSON.stringify(frame))
  }

  raw(text: string): void {
    this.#write(text)
  }

  /** Breaks the connection; the gateway may dial again. */
  drop(): void {
    this.#drop()
  }

  stop(): Promise<void> {
    return this.#stop()
  }

  static async webSocket(cleanups: Cleanups, port = 0): Promise<FakeProvider> {
    const server = new WebSocketServer({ host: '127.0.0.1', port, perMessageDeflate: false })
    await once(server, 'listening')
    const sockets = new Set<WebSocket>()
    const drop = (): void => { for (const socket of sockets) socket.terminate() }
    const stop = (): Promise<void> => new Promise((resolve) => {
      drop()
      server.close(() => resolve())
    })
    cleanups.add(stop)
    const provider = new FakeProvider(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, (text) => { for (const socket of sockets) socket.send(text) }, drop, stop)
    server.on('connection', (socket) => {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => sockets.delete(socket))
      socket.on('message', (data: Buffer) => provider.received(data.toString()))
    })
    return provider
  }

  static async tcp(cleanups: Cleanups): Promise<FakeProvider> {
    const sockets = new Set<Socket>()
    const server = createServer((socket) => {
      sockets.add(socket)
      let rest = ''
      socket.on('error', () => {})
      socket.on('close', () => sockets.delete(socket))
      socket.on('data', (bytes) => {
        const lines = (rest + bytes.toString()).split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines) provider.received(line)
      })
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const drop = (): void => { for (const socket of sockets) socket.destroy() }
    const stop = (): Promise<void> => new Promise((resolve) => {
      drop()
      server.close(() => resolve())
    })
    cleanups.add(stop)
    const provider: FakeProvider = new FakeProvider(`tcp://127.0.0.1:${(server.address() as AddressInfo).port}`, (text) => { for (const socket of sockets) socket.write(`${text}\n`) }, drop, stop)
    return provider
  }
}

export interface TestGateway extends TestMaster {
  connect(): Promise<GatewayClient>
  /** An administrator's token. */
  readonly token: string
}

/** A master with the gateway; its fields are given without their prefix. */
export async function startGateway(
  cleanups: Cleanups, fields: Readonly<Record<string, unknown>> = {}, { store = openMemoryStore(), config = {} }: { store?: Store; config?: object } = {},
): Promise<TestGateway> {
  const prefixed = Object.fromEntries(Object.entries(fields).map(([name, value]) => [`gateway.${name}`, value]))
  const { token } = await new TokenService(store).create({ name: 'test', role: 'admin' })
  const master = await startTestMaster(cleanups, { plugins: [plugin], config: { ...prefixed, ...config }, store })
  return { ...master, token, connect: () => GatewayClient.connect(cleanups, master.url) }
}
