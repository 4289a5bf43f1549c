import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import type { Logger } from '../../lib/log/logger.ts'
import type { WebSocketDoor } from '../../lib/plugin/master-context.ts'

/** Gives connections that ask for an upgrade to the door that serves their path, or else their subprotocol. */
export class Upgrades {
  readonly #doors = new Set<WebSocketDoor>()
  readonly #log: Logger

  constructor(server: Server, log: Logger) {
    this.#log = log
    server.on('upgrade', (request, socket, head) => this.#route(request, socket, head))
  }

  /** Serves a door; the returned function takes it away again. Throws `conflict` when its path is taken. */
  add(door: WebSocketDoor): () => void {
    if (door.path !== undefined && [...this.#doors].some(({ path }) => path === door.path)) {
      throw new ClusterError('conflict', `Two doors want to serve ${door.path}`)
    }
    this.#doors.add(door)
    return () => this.#doors.delete(door)
  }

  #route(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Before anything else: a socket without a listener for errors ends the process.
    socket.on('error', () => socket.destroy())
    try {
      const door = this.#find(request)
      if (door) door.upgrade(request, socket, head)
      else refuse(socket, '404 Not Found')
    } catch (error) {
      this.#log.error('A connection could not be upgraded', { error: String(error) })
      refuse(socket, '500 Internal Server Error')
    }
  }

  #find(request: IncomingMessage): WebSocketDoor | undefined {
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/'
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim())
    let bySubprotocol: WebSocketDoor | undefined
    for (const door of this.#doors) {
      if (door.path === path) return door
      if (door.path === undefined && door.subprotocols?.some((name) => offered.includes(name))) bySubprotocol ??= door
    }
    return bySubprotocol
  }
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}
