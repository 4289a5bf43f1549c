import type { Server } from 'node:http'
import { Server as TlsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import type { Admission, Admitted } from '../../lib/net/admission.ts'
import { refuseConnection } from './refuse.ts'

/**
 * Counts the connections of the master's port that have not shown who they are, from the first byte on and before TLS:
 * one too many of an address is closed, with status 429 where it can read that.
 */
export class Connections {
  readonly #waiting = new Map<string, Admitted>()

  constructor(server: Server, admission: Admission) {
    server.on('connection', (socket: Socket) => {
      const { remoteAddress } = socket
      // It is gone already.
      if (remoteAddress === undefined) return
      const key = nameOf(socket)
      try {
        this.#waiting.set(key, admission.admit(remoteAddress))
        socket.once('close', () => this.#done(key))
      } catch (error) {
        // Before TLS there is no way to say anything.
        if (server instanceof TlsServer) socket.destroy()
        else refuseConnection(socket, ClusterError.from(error))
      }
    })
  }

  /** This connection has shown who it is, or went to a door that counts it itself. */
  release(socket: Duplex): void {
    this.#done(nameOf(socket as Socket))
  }

  #done(key: string): void {
    this.#waiting.get(key)?.done()
    this.#waiting.delete(key)
  }
}

// The same for a connection and for the TLS that goes over it.
function nameOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`
}
