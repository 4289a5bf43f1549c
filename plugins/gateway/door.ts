import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import { ClusterError } from '../../lib/plugin.ts'
import type { Admission, Logger, Pressure, Topics, WebSocketDoor } from '../../lib/plugin.ts'
import type { Catalogue } from './catalogue.ts'
import { Client } from './client.ts'
import { CloseCode, openConnection } from './connection.ts'
import { limits } from './limits.ts'
import type { Switchboard } from './switchboard.ts'

export const socketPath = '/gateway'

export interface DoorParts {
  readonly admission: Admission
  readonly catalogue: Catalogue
  readonly switchboard: Switchboard
  readonly topics: Topics
  readonly pressure: Pressure<Client>
  /** Of pages in browsers that may connect; any where there are none. */
  readonly origins: readonly string[]
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
  #lastCn = 0
  #onLastClosed = () => {}

  constructor(parts: DoorParts) {
    this.#parts = parts
  }

  get connections(): number {
    return this.#clients.size
  }

  /** Throws `forbidden` for a page of a foreign origin, `overloaded` when the address has too many connections. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { admission, catalogue, switchboard, topics, pressure, origins, log } = this.#parts
    checkOrigin(request, origins)
    const address = request.socket.remoteAddress ?? 'unknown'
    const admitted = admission.admit(address)
    // Before the handshake is done the connection may end without a word from the library.
    socket.on('close', () => admitted.done())
    this.#server.handleUpgrade(request, socket, head, (ws) => {
      this.#track(ws)
      this.#lastCn += 1
      const client: Client = new Client({
        cn: this.#lastCn, address, admitted, topics, pressure,
        connect: (events) => openConnection(ws, socket, events),
        received: (from, data, isBinary) => switchboard.received(from, data, isBinary),
        failed: (from, error) => {
          log.error('A frame could not be handled', { error: error instanceof Error ? error.stack : String(error) })
          from.close(CloseCode.internal, 'Internal error')
        },
        left: (from) => this.#clients.delete(from),
      })
      this.#clients.add(client)
      catalogue.welcome(client)
    })
  }

  /** Says goodbye to all; resolves when they are gone, which is made sure after a second. */
  async close(): Promise<void> {
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

/** Programs name no origin; those of browsers can't choose theirs. */
function checkOrigin({ headers: { origin, host } }: IncomingMessage, origins: readonly string[]): void {
  if (origin === undefined || origins.length === 0 || origins.includes(origin)) return
  if (URL.canParse(origin) && new URL(origin).host === host) return
  throw new ClusterError('forbidden', 'Pages of this origin may not connect to the gateway; its operator can add the origin to gateway.origins')
}
