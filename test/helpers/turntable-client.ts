import { decode, encode } from '@msgpack/msgpack'
import { once } from 'node:events'
import { WebSocket } from 'ws'
import type { Cleanups } from './cleanups.ts'
import { Inbox } from './inbox.ts'

const deadlineMs = 15_000

export interface ClientOptions {
  readonly path?: string
  readonly protocols?: string[]
  readonly headers?: Record<string, string>
  readonly autoPong?: boolean
}

interface Frame {
  readonly command: string
  readonly data: unknown
}

/** A client of the door, written from the protocol alone: what it got is asked for frame by frame. */
export class TestClient {
  readonly ws: WebSocket
  readonly closed: Promise<number>
  readonly #inbox = new Inbox<Frame>(deadlineMs)

  private constructor(ws: WebSocket) {
    this.ws = ws
    this.closed = new Promise((resolve) => { ws.on('close', (code) => resolve(code)) })
    ws.on('error', () => {})
    ws.on('close', () => this.#inbox.end('The connection is closed'))
    ws.on('message', (data: Buffer, isBinary) => this.#inbox.push((isBinary ? decode(data) : JSON.parse(data.toString())) as Frame))
  }

  /** Connects, and takes the server's first frame. */
  static async connect(cleanups: Cleanups, url: string, options: ClientOptions = {}): Promise<TestClient> {
    const { path = '/', protocols = ['turntable'], headers = {}, autoPong = true } = options
    const ws = new WebSocket(url + path, protocols, { headers, autoPong })
    cleanups.add(() => ws.terminate())
    const client = new TestClient(ws)
    await once(ws, 'open')
    const first = await client.next()
    if (first.command !== 'idyou') throw new Error(`The first frame was ${JSON.stringify(first)}`)
    return client
  }

  /** Connects as a user who is there, all of which has happened when this resolves. */
  static async user(cleanups: Cleanups, url: string, id: string, options: ClientOptions = {}): Promise<TestClient> {
    const client = await TestClient.connect(cleanups, url, options)
    client.send('idme', id)
    await client.sync()
    return client
  }

  /** The next frame. */
  next(): Promise<Frame> {
    return this.#inbox.take()
  }

  /** The data of the next frame, which must be of this command. */
  async expect(command: string): Promise<unknown> {
    const frame = await this.next()
    if (frame.command !== command) throw new Error(`Expected ${command}, got ${JSON.stringify(frame)}`)
    return frame.data
  }

  send(command: string, data?: unknown): void {
    this.raw(this.ws.protocol === 'turntable.2' ? encode({ command, data }) : JSON.stringify({ command, data }))
  }

  raw(frame: string | Uint8Array): void {
    this.ws.send(frame)
  }

  /**
   * Resolves when the server has done all that this client asked for so far, and all that it had to say to this client
   * before has arrived; gives those frames.
   */
  async sync(): Promise<Frame[]> {
    this.send('whothere')
    const before: Frame[] = []
    for (let frame = await this.next(); frame.command !== 'there'; frame = await this.next()) before.push(frame)
    return before
  }

  async close(): Promise<void> {
    this.ws.close()
    await this.closed
  }
}

/** The HTTP status of an upgrade that is refused. */
export async function refusal(url: string, protocols: string[], headers: Record<string, string> = {}): Promise<number> {
  const ws = new WebSocket(url, protocols, { headers })
  return new Promise((resolve, reject) => {
    ws.on('open', () => {
      ws.terminate()
      reject(new Error('It was not refused'))
    })
    ws.on('error', () => {})
    ws.on('unexpected-response', (request, response) => {
      resolve(response.statusCode ?? 0)
      request.destroy()
    })
  })
}
