import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'

type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void

/** Gives connections that ask for an upgrade to the door that serves their path, or else their subprotocol. */
export class Upgrades {
  readonly #byPath = new Map<string, Upgrade>()

  constructor(server: Server) {
    server.on('upgrade', (request, socket, head) => this.#route(request, socket, head))
  }

  /** Serves a path; the returned function takes the door away again. */
  addPath(path: string, upgrade: Upgrade): () => void {
    this.#byPath.set(path, upgrade)
    return () => this.#byPath.delete(path)
  }

  #route(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Before anything else: a socket without a listener for errors ends the process.
    socket.on('error', () => socket.destroy())
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/'
    const upgrade = this.#byPath.get(path)
    if (upgrade) upgrade(request, socket, head)
    else socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
  }
}
