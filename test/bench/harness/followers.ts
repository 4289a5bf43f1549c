import { once } from 'node:events'
import { WebSocket } from 'ws'
import type { RawData } from 'ws'
import { protocolVersion, sessionSubprotocol } from '../../../lib/link/handshake/shapes.ts'
import { socketUrl } from '../../../lib/link/transport/dial.ts'

const heartbeatMs = 5_000

/** A control that speaks the session dialect by hand and costs its process next to nothing, so that there can be thousands. */
export class HandmadeControl {
  readonly #ws: WebSocket
  #seq = 0

  private constructor(ws: WebSocket) {
    this.#ws = ws
    ws.on('error', () => ws.terminate())
  }

  static async connect(url: string, token: string): Promise<HandmadeControl> {
    const ws = new WebSocket(socketUrl(url), [sessionSubprotocol], { perMessageDeflate: false })
    const control = new HandmadeControl(ws)
    await control.#frame('hello')
    control.#send({ type: 'register_control' }, { token, agent: 'bench', version: protocolVersion })
    await control.#frame('ready')
    const timer = setInterval(() => control.#send({ type: 'heartbeat' }, {}), heartbeatMs)
    ws.once('close', () => clearInterval(timer))
    return control
  }

  async request(type: string, data: object): Promise<void> {
    this.#seq += 1
    this.#send({ type: `${type}_request`, seq: this.#seq }, data)
    await this.#frame(`${type}_response`)
    this.#send({ type: 'ack', ack: this.#seq }, {})
  }

  /** Calls the listener for each frame that has the text. */
  count(text: string, counted: () => void): void {
    this.#ws.on('message', (frame: RawData) => {
      if ((frame as Buffer).includes(text)) counted()
    })
  }

  close(): void {
    this.#ws.terminate()
  }

  #send(header: object, data: object): void {
    this.#ws.send(`${JSON.stringify(header)}\n${JSON.stringify(data)}`)
  }

  /** Waits for a frame of this type. */
  #frame(type: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const closed = (code: number): void => reject(new Error(`The connection ended with ${code} before ${type}`))
      const take = (frame: RawData): void => {
        if (!(frame as Buffer).includes(`"${type}"`)) return
        this.#ws.off('message', take)
        this.#ws.off('close', closed)
        resolve()
      }
      this.#ws.on('message', take)
      this.#ws.on('close', closed)
    })
  }
}

/** The same for the plain server. */
export async function connectPlainFollower(url: string, counted: () => void): Promise<void> {
  const ws = new WebSocket(url, { perMessageDeflate: false })
  await once(ws, 'open')
  ws.send(JSON.stringify({ seq: 1, type: 'follow_request', data: {} }))
  await once(ws, 'message')
  ws.on('message', (frame: RawData) => {
    if ((frame as Buffer).includes('instance_output')) counted()
  })
}

/** Runs a task for 0 … count - 1, a few at a time. */
export async function inParallel(count: number, atOnce: number, task: (index: number) => Promise<void>): Promise<void> {
  let next = 0
  await Promise.all(Array.from({ length: atOnce }, async () => {
    while (next < count) await task(next++)
  }))
}
