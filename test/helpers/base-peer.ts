import { once } from 'node:events'
import { WebSocket } from 'ws'
import type { RawData } from 'ws'
import { eventually } from './eventually.ts'

export interface BaseFrame { readonly seq: number; readonly type: string; readonly data: Record<string, unknown> }

/** A peer of the base dialect that sends whatever it is told to, and keeps every frame as it came. */
export class BasePeer {
  readonly #socket: WebSocket
  readonly frames: BaseFrame[] = []
  /** Code of the end of the connection; undefined while it is open. */
  closedWith: number | undefined
  #seq = 0

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.on('message', (data: RawData) => this.frames.push(JSON.parse((data as Buffer).toString()) as BaseFrame))
    socket.on('close', (code) => { this.closedWith = code })
    socket.on('error', () => {})
  }

  /** Connects and waits for the master's hello. */
  static async connect(url: string): Promise<BasePeer> {
    const peer = new BasePeer(new WebSocket(`${url.replace(/^http/, 'ws')}/api/socket`))
    await once(peer.#socket, 'open')
    await peer.until(({ type }) => type === 'hello')
    return peer
  }

  /** Connects and registers; resolves with the master's answer. */
  static async register(url: string, type: string, data: object): Promise<BasePeer> {
    const peer = await BasePeer.connect(url)
    peer.send(type, data)
    await peer.until((frame) => frame.type === 'ready' || frame.type === 'close')
    return peer
  }

  /** Sends a message and returns its `seq`. */
  send(type: string, data: object): number {
    this.#seq += 1
    this.raw(JSON.stringify({ seq: this.#seq, type, data }))
    return this.#seq
  }

  raw(frame: string | Buffer): void {
    this.#socket.send(frame)
  }

  /** The first frame that fits; waits for it. */
  until(fits: (frame: BaseFrame) => boolean): Promise<BaseFrame> {
    return eventually(() => {
      const found = this.frames.find(fits)
      if (!found) throw new Error(`it has ${JSON.stringify(this.frames)}`)
      return found
    }, { what: 'A frame' })
  }

  /** Asks and gives the data of the answer. */
  async ask(type: string, data: object): Promise<Record<string, unknown>> {
    const seq = this.send(`${type}_request`, data)
    return (await this.until((frame) => frame.type === `${type}_response` && frame.data['seq'] === seq)).data
  }

  /** Resolves with the reason of the master's `close` once the connection has ended. */
  async untilClosed(): Promise<unknown> {
    await eventually(() => {
      if (this.closedWith === undefined) throw new Error('it is open')
    }, { what: 'The end of the connection' })
    return this.frames.find(({ type }) => type === 'close')?.data['reason']
  }

  terminate(): void {
    this.#socket.terminate()
  }
}
