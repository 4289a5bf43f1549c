import { expect } from 'chai'
import { WebSocket } from 'ws'
import type { ClientOptions } from 'ws'
import type { Cleanups } from '../../helpers/cleanups.ts'
import { eventually } from '../../helpers/eventually.ts'

export const hello = '{"seq":1,"type":"hello","data":{"version":"2.0.0"}}'
export const ready = '{"seq":2,"type":"ready","data":{}}'

/** The master's goodbye. */
export function close(seq: number, reason: string): string {
  return `{"seq":${seq},"type":"close","data":{"reason":${JSON.stringify(reason)}}}`
}

/** One end of a WebSocket, with nothing of Corral: frames as texts, and how its connection ended. */
export class Wire {
  readonly ws: WebSocket
  readonly #frames: string[] = []
  closed: { readonly code: number; readonly reason: string } | undefined
  #read = 0

  constructor(url: string, cleanups: Cleanups, options: ClientOptions = {}) {
    this.ws = new WebSocket(`${url.replace(/^http/, 'ws')}/api/socket`, { perMessageDeflate: false, ...options })
    this.ws.on('error', () => {})
    this.ws.on('message', (data: Buffer, isBinary) => this.#frames.push(isBinary ? 'binary' : data.toString()))
    this.ws.on('close', (code, reason) => { this.closed = { code, reason: reason.toString() } })
    cleanups.add(() => this.ws.terminate())
  }

  say(frame: string | Buffer): void {
    this.ws.send(frame)
  }

  /** The next frame, word for word. */
  async hear(what = 'A frame'): Promise<string> {
    const frame = await eventually(() => {
      const next = this.#frames[this.#read]
      if (next === undefined) throw new Error(this.closed ? `the connection has ended: ${JSON.stringify(this.closed)}` : 'nothing came')
      return next
    }, { what })
    this.#read += 1
    return frame
  }

  /** All frames that came after what was heard, once the connection has ended. */
  async last(what = 'The end of the connection'): Promise<readonly string[]> {
    await eventually(() => {
      if (!this.closed) throw new Error(`it is open; unread: ${this.#frames.slice(this.#read).join(' ')}`)
    }, { what })
    return this.#frames.slice(this.#read)
  }

  /** Shakes hands, checked word for word. */
  async register(type: string, data: object): Promise<this> {
    expect(await this.hear()).to.equal(hello)
    this.say(JSON.stringify({ seq: 1, type, data }))
    expect(await this.hear()).to.equal(ready)
    return this
  }
}
