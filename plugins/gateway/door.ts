import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import type { Admission, Logger, Topics, WebSocketDoor } from '../../lib/plugin.ts'
import type { Catalogue } from './catalogue.ts'
import { Client } from './client.ts'
import { CloseCode, Connection } from './connection.ts'
import { limits } from './limits.ts'
import type { Switchboard } from './switchboard.ts'

export const socketPath = '/gateway'

export interface DoorParts {
  readonly admission: Admission
  readonly catalogue: Catalogue
  readonly switchboard: Switchboard
  readonly topics: Topics
  readonly log: Logger
}

/** Takes connections over from the master's HTTP server and keeps them. */
export class Door implements WebSocketDoor {
  readonly path = socketPath
  readonly #parts: DoorParts
  readonly #server = new WebSocketServer({ noServer: true, perMessageDeflate: false, clientTracking: false, autoPong: false, maxPayload: limits.frameBytes })
  readonly #clients = new Set<Client>()
  /** Those too whose goodbye is not finished. */
  readonly #webSockets = new Set<WebSocket>()
  readonly #heartbeat: NodeJS.Timeout
  #lastCn = 0
  #onLastClosed = () => {}

  constructor(parts: DoorParts) {
    this.#parts = parts
    this.#heartbeat = setInterval(() => {
      for (const client of this.#clients) client.probe()
    }, limits.heartbeatMs)
  }

  get connections(): number {
    return this.#clients.size
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { admission, catalogue, switchboard, topics, log } = this.#parts
    const address = request.socket.remoteAddress ?? 'unknown'
    // Throws `overloaded`, which the master answers with 429.
    const admitted = admission.admit(address)
    // Before the handshake is done the connection may end without a word from the library.
    socket.on('close', () => admitted.done())
    this.#server.handleUpgrade(request, socket, head, (ws) => {
      this.#track(ws)
      this.#lastCn += 1
      const client: Client = new Client({
        cn: this.#lastCn, address, admitted, topics,
        connect: (events) => new Connection(ws, socket, events),
        received: (from, data, isBinary) => {
          try {
            switchboard.received(from, data, isBinary)
          } catch (error) {
            log.error('A frame could not be handled', { error: error instanceof Error ? error.stack : String(error) })
            from.close(CloseCode.internal, 'Internal error')
          }
        },
        left: (from) => this.#clients.delete(from),
      })
      this.#clients.add(client)
      catalogue.welcome(client)
    })
  }

  /** Says goodbye to all; resolves when they are gone, which is made sure after a second. */
  async close(): Promise<void> {
    clearInterval(this.#heartbeat)
    const closed = new Promise<void>((resolve) => { this.#onLastClosed = resolve })
    for (const client of this.#clients) client.close(CloseCode.goingAway, 'The master is stopping')
    if (this.#webSockets.size > 0) await closed
  }

  #track(ws: WebSocket): void {
    this.#webSockets.add(ws)
    ws.on('close', () => {
      this.#webSockets.delete(ws)
      if (this.#webSockets.size === 0) this.#onLastClosed()
    })
  }
}
