import { once } from 'node:events'
import { WebSocket } from 'ws'
import type { RawData } from 'ws'

interface Message {
  readonly seq: number
  readonly type: string
  readonly data: Record<string, unknown>
}

/** A client of the plain server, written in the same plain way. */
export class PlainPeer {
  readonly #ws: WebSocket
  readonly #waiting = new Map<unknown, (data: unknown) => void>()
  #seq = 0

  private constructor(ws: WebSocket, answer: (message: Message) => object | undefined) {
    this.#ws = ws
    ws.on('message', (text: RawData) => {
      const message = JSON.parse((text as Buffer).toString()) as Message
      const waiting = this.#waiting.get(message.data['seq'])
      if (waiting) {
        this.#waiting.delete(message.data['seq'])
        waiting(message.data)
        return
      }
      const data = answer(message)
      if (data) this.send(message.type.replace('_request', '_response'), { seq: message.seq, ...data })
    })
  }

  static async connect(url: string, answer: (message: Message) => object | undefined = () => undefined): Promise<PlainPeer> {
    const ws = new WebSocket(url, { perMessageDeflate: false })
    const peer = new PlainPeer(ws, answer)
    await once(ws, 'open')
    return peer
  }

  get bufferedBytes(): number {
    return this.#ws.bufferedAmount
  }

  send(type: string, data: object): number {
    this.#seq += 1
    this.#ws.send(JSON.stringify({ seq: this.#seq, type, data }))
    return this.#seq
  }

  request(type: string, data: object): Promise<unknown> {
    return new Promise((resolve) => { this.#waiting.set(this.send(type, data), resolve) })
  }
}
