import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { Admission, HeartbeatSettings, Logger, Pressure } from '../../lib/plugin.ts'
import { ClusterError } from '../../lib/plugin.ts'
import { formBySubprotocol } from './codec.ts'
import { CloseCode, Connection } from './connection.ts'
import type { ConnectionOwner } from './connection.ts'
import { limits } from './limits.ts'
import type { Standing } from './peer-check.ts'

export interface DoorOptions {
  readonly admission: Admission
  readonly log: Logger
  readonly owner: ConnectionOwner
  readonly pressure: Pressure<Connection>
  readonly standingOf: (request: IncomingMessage) => Standing
  readonly heartbeat: HeartbeatSettings
  readonly maxConnections: number
}

/** Turns upgrades into connections. */
export class Door {
  readonly #options: DoorOptions
  readonly #connections = new Set<Connection>()
  readonly #sockets = new Set<Duplex>()
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: limits.messageBytes,
    handleProtocols: (offered) => [...offered].find((name) => formBySubprotocol.has(name)) ?? false,
  })

  constructor(options: DoorOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#connections.size
  }

  /** Throws `overloaded` when there are too many connections, in all or of this address. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { admission, log, maxConnections } = this.#options
    const address = request.socket.remoteAddress ?? 'unknown'
    const standing = this.#options.standingOf(request)
    if (standing.hasWrongSecret) {
      admission.checkLogins(address)
      admission.failed(address)
      log.warn('Somebody who has not the secret of our servers wants to be one of them; he is served as a client', { address })
    }
    if (this.#sockets.size >= maxConnections) {
      throw new ClusterError('overloaded', 'This server has all the players that it takes; try again later', { details: { limit: 'turntable.connections' } })
    }
    const admitted = standing.isPeer ? undefined : admission.admit(address)
    socket.once('close', () => admitted?.done())
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    this.#server.handleUpgrade(request, socket, head, (ws) => {
      const form = formBySubprotocol.get(ws.protocol)
      if (!form) return ws.terminate()
      const { owner, pressure, heartbeat } = this.#options
      const connection = new Connection({
        ws, socket, address, form, standing, heartbeat, pressure,
        identified: () => admitted?.done(),
        owner: { ...owner, left: (gone) => this.#left(gone) },
      })
      this.#connections.add(connection)
    })
  }

  /** Says goodbye to all, and resolves when they have gone or were cut off. */
  async close(deadlineMs: number): Promise<void> {
    for (const connection of this.#connections) connection.close(CloseCode.goingAway, 'The server stops')
    const gone = Promise.all([...this.#sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve))))
    const cutOff = setTimeout(() => { for (const socket of this.#sockets) socket.destroy() }, deadlineMs)
    await gone
    clearTimeout(cutOff)
  }

  #left(connection: Connection): void {
    this.#connections.delete(connection)
    this.#options.owner.left(connection)
  }
}
