import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import { WebSocketConnection } from '../../lib/plugin.ts'
import type { Admission, WebSocketDoor } from '../../lib/plugin.ts'
import { Session } from './session.ts'
import type { SessionParts } from './session.ts'
import { CloseCode } from './wire/close-codes.ts'

export const socketPath = '/ws'
const subprotocol = 'ert-concierge'
const goodbyeMs = 1_000

export interface DoorParts extends SessionParts {
  readonly admission: Admission
  readonly maxMessageBytes: number
  readonly heartbeatMs: number
}

/** Takes connections over from the master's HTTP server and keeps them. */
export class Door implements WebSocketDoor {
  readonly path = socketPath
  readonly #parts: DoorParts
  readonly #server: WebSocketServer
  readonly #sessions = new Set<Session>()
  /** Those too whose goodbye is not finished. */
  readonly #webSockets = new Set<WebSocket>()
  #onLastClosed = () => {}

  constructor(parts: DoorParts) {
    this.#parts = parts
    this.#server = new WebSocketServer({
      noServer: true,
      perMessageDeflate: false,
      clientTracking: false,
      maxPayload: parts.maxMessageBytes,
      handleProtocols: () => subprotocol,
    })
  }

  /** Connections that are open, identified or not. */
  get connections(): number {
    return this.#sessions.size
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { heartbeatMs } = this.#parts
    const heartbeat = { intervalMs: heartbeatMs, timeoutMs: heartbeatMs, isAnySign: true }
    const address = request.socket.remoteAddress ?? 'unknown'
    // Throws `overloaded`, which the master answers with 429.
    const admitted = this.#parts.admission.admit(address)
    // Before the handshake is done the connection may end without a word from the library.
    socket.on('close', () => admitted.done())
    // Programs in Python give the name where a list belongs, so that it arrives letter by letter, which ws refuses.
    if (request.headers['sec-websocket-protocol'] !== undefined) request.headers['sec-websocket-protocol'] = subprotocol
    this.#server.handleUpgrade(request, socket, head, (ws) => {
      this.#webSockets.add(ws)
      ws.on('close', () => {
        this.#webSockets.delete(ws)
        if (this.#webSockets.size === 0) this.#onLastClosed()
      })
      const session: Session = new Session(
        this.#parts, address, admitted,
        (events) => new WebSocketConnection({ ws, socket, events, heartbeat }),
        () => this.#sessions.delete(session),
      )
      this.#sessions.add(session)
    })
  }

  /** Ends the connections of those who came with a token that is no longer good. */
  revoked(tokenId: number): void {
    for (const { client, connection } of this.#sessions) {
      if (client?.principal?.tokenId === tokenId) connection.close(CloseCode.badSecret, 'The token that you gave as secret was revoked or has expired')
    }
  }

  /** Says goodbye to all; resolves when they are gone, which is made sure after a second. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => { this.#onLastClosed = resolve })
    for (const { connection } of this.#sessions) connection.close(CloseCode.goingAway, 'The master is stopping')
    if (this.#webSockets.size === 0) return
    const force = setTimeout(() => {
      for (const ws of this.#webSockets) ws.terminate()
    }, goodbyeMs)
    await closed
    clearTimeout(force)
  }
}
