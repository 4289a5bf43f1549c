import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import type { Logger } from '../../lib/log/logger.ts'
import type { Admission } from '../../lib/net/admission.ts'
import type { WebSocketDoor } from '../../lib/plugin/master-context.ts'
import type { Connections } from './connections.ts'
import type { HalfMessages } from './half-messages.ts'
import { refuseConnection } from './refuse.ts'

interface UpgradesParts {
  readonly connections: Connections
  readonly admission: Admission
  readonly halfMessages: HalfMessages
  readonly log: Logger
}

/** Paths of the master's own begin so. */
const ownPrefix = '/api/'

/** Gives connections that ask for an upgrade to the door that serves their path, or else their subprotocol. */
export class Upgrades {
  readonly #doors = new Set<WebSocketDoor>()
  readonly #reserved = new Set<string>()
  readonly #parts: UpgradesParts

  constructor(server: Server, parts: UpgradesParts) {
    this.#parts = parts
    server.on('upgrade', (request, socket, head) => this.#route(request, socket, head))
  }

  /** Keeps paths for the doors that name them: no other gets their connections, not even while nobody serves them. */
  reserve(paths: readonly string[]): void {
    for (const path of paths) this.#reserved.add(path)
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
    const { connections, admission, halfMessages, log } = this.#parts
    // Before anything else: a socket without a listener for errors ends the process.
    socket.on('error', () => socket.destroy())
    try {
      const door = this.#find(request)
      if (!door) throw new ClusterError('not_found', 'No door of this master serves this address')
      // From here on the door says how long it counts as unknown.
      connections.release(socket)
      admission.during(() => door.upgrade(request, socket, head), halfMessages.watch(socket, request.socket.remoteAddress ?? 'unknown'))
    } catch (error) {
      const known = ClusterError.from(error)
      if (known.code === 'internal') log.error('A connection could not be upgraded', { error: String(known.cause) })
      refuseConnection(socket, known)
    }
  }

  #find(request: IncomingMessage): WebSocketDoor | undefined {
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/'
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim())
    const isReserved = path.startsWith(ownPrefix) || this.#reserved.has(path)
    let bySubprotocol: WebSocketDoor | undefined
    for (const door of this.#doors) {
      if (door.path === path) return door
      if (!isReserved && door.path === undefined && door.subprotocols?.some((name) => offered.includes(name))) bySubprotocol ??= door
    }
    return bySubprotocol
  }
}
