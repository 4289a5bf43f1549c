import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { sessionSubprotocol } from '../../lib/link/handshake/shapes.ts'
import type { Registration } from '../../lib/link/handshake/shapes.ts'
import type { Link } from '../../lib/link/link.ts'
import { FrameSocket } from '../../lib/link/transport/frame-socket.ts'
import { acceptUpgrade } from '../../lib/link/transport/upgrade.ts'
import type { Cleanups } from './cleanups.ts'
import { authenticateGood } from './link-fixtures.ts'
import { TestMaster } from './test-master.ts'
import type { TestMasterOptions } from './test-master.ts'

export interface SocketMasterOptions extends TestMasterOptions {
  readonly port?: number
  readonly maxFrameBytes?: number
  onLink?(link: Link): void
}

/** A TestMaster at `/api/socket` of a port of 127.0.0.1. */
export class SocketMaster extends TestMaster {
  registrations = 0
  /** Connections that were ever made. */
  opened = 0
  port = 0
  readonly #server: Server = createServer()
  readonly #sockets = new Set<Duplex>()

  private constructor(options: SocketMasterOptions) {
    super({
      ...options,
      authenticate: (registration: Registration) => {
        this.registrations += 1
        return (options.authenticate ?? authenticateGood)(registration)
      },
    })
    this.#server.on('connection', (socket) => {
      this.opened += 1
      this.#sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => this.#sockets.delete(socket))
    })
    this.#server.on('clientError', (_error, socket) => socket.destroy())
    this.#server.on('upgrade', (request, socket, head) => {
      const known = this.links.length
      const protocol = acceptUpgrade(request, socket, sessionSubprotocol)
      const transport = new FrameSocket(socket, head, { side: 'server', address: 'test', maxBytes: options.maxFrameBytes ?? 1024 * 1024 })
      void this.accept(transport, protocol === undefined ? 'base' : 'session').then(() => {
        const link = this.links[known]
        if (link) options.onLink?.(link)
      })
    })
  }

  static async start(cleanups: Cleanups, options: SocketMasterOptions = {}): Promise<SocketMaster> {
    const master = new SocketMaster(options)
    master.#server.listen({ host: '127.0.0.1', port: options.port ?? 0 })
    await once(master.#server, 'listening')
    master.port = (master.#server.address() as AddressInfo).port
    cleanups.add(() => master.stop())
    return master
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** Open connections. */
  get connections(): number {
    return this.#sockets.size
  }

  /** Breaks all connections. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  /** Ends as a killed master does. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return
    this.#server.close()
    this.cut()
    await once(this.#server, 'close')
    this.close()
  }
}
