import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { ClusterError } from '../../../lib/errors/cluster-error.ts'
import type { ChannelSettings, Dialect } from '../../../lib/link/channel.ts'
import { Connection } from '../../../lib/link/connection.ts'
import { acceptConnection } from '../../../lib/link/handshake/accept.ts'
import type { Accepted } from '../../../lib/link/handshake/accept.ts'
import { sessionSubprotocol } from '../../../lib/link/handshake/shapes.ts'
import type { Registration } from '../../../lib/link/handshake/shapes.ts'
import { Link } from '../../../lib/link/link.ts'
import type { LinkObserver } from '../../../lib/link/link.ts'
import type { Registry } from '../../../lib/link/registry.ts'
import { Session } from '../../../lib/link/session/session.ts'
import { Sessions } from '../../../lib/link/session/sessions.ts'
import { FrameSocket } from '../../../lib/link/transport/frame-socket.ts'
import { ThrottledTransport } from '../../../lib/link/transport/throttled.ts'
import type { Transport } from '../../../lib/link/transport/transport.ts'
import { acceptUpgrade } from '../../../lib/link/transport/upgrade.ts'
import type { Admission } from '../../../lib/net/admission.ts'
import type { Cluster } from '../../cluster.ts'
import type { Dispatcher } from '../../dispatcher.ts'
import type { TokenPrincipal as Caller } from '../../../lib/plugin/cluster-view.ts'
import { controlPeer } from './control-peer.ts'
import { slaveEntry } from './slave-entry.ts'
import type { Entry } from './slave-entry.ts'
import { slavePeer } from './slave-peer.ts'

/** More no peer has to say before it has registered. */
const maxGreetingBytes = 16_384

export interface LinkDoorOptions {
  readonly cluster: Cluster
  readonly dispatcher: Dispatcher
  readonly registry: Registry
  readonly observer: LinkObserver
  readonly settings: ChannelSettings
  readonly maxFrameBytes: number
  /** A slave says in one message all that it has. */
  readonly maxSlaveFrameBytes: number
  readonly handshakeDeadlineMs: number
  readonly maxRequestsInFlight: number
  readonly maxMessagesPerSecond: number
  readonly admission: Admission
}

/** Serves seed 001 at `/api/socket`: slaves and controls, in the base and the session dialect. */
export class LinkDoor {
  readonly #options: LinkDoorOptions
  readonly #sessions = new Sessions<Caller>()
  readonly #links = new Map<Link, Caller>()
  readonly #shaking = new Set<Transport>()

  constructor(options: LinkDoorOptions) {
    this.#options = options
    // Later: who has revoked his own token is to get the answer. Nothing is allowed to him meanwhile.
    options.cluster.tokens.onRevoked((tokenId, why) => setImmediate(() => this.#closeLinksOf(tokenId, why)))
  }

  /** Links by the kind of peer. */
  count(peer: 'slave' | 'control'): number {
    return [...this.#links.keys()].filter((link) => link.peer === peer).length
  }

  /** Takes over a connection that asked for an upgrade at the door's path. Throws `overloaded`, `invalid_request`. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { admission, maxFrameBytes, maxSlaveFrameBytes, maxMessagesPerSecond: framesPerSecond } = this.#options
    const { remoteAddress = 'unknown', remotePort = 0 } = request.socket
    const admitted = admission.admit(remoteAddress)
    socket.once('close', () => admitted.done())
    const protocol = acceptUpgrade(request, socket, sessionSubprotocol)
    const webSocket = new FrameSocket(socket, head, { side: 'server', address: `${remoteAddress}:${remotePort}`, maxBytes: Math.min(maxGreetingBytes, maxFrameBytes) })
    const transport = new ThrottledTransport(webSocket, { framesPerSecond })
    const known = (role: Registration['role']): void => {
      webSocket.allow(role === 'slave' ? Math.max(maxFrameBytes, maxSlaveFrameBytes) : maxFrameBytes)
      admitted.done()
    }
    void this.accept(transport, protocol === undefined ? 'base' : 'session', remoteAddress, known)
  }

  /** Shakes hands on a transport and calls `known` when the peer has shown who it is; whatever goes wrong concerns that peer alone. */
  async accept(transport: Transport, dialect: Dialect, host: string, known: (role: Registration['role']) => void): Promise<void> {
    const { cluster: { log, tokens }, registry, settings, handshakeDeadlineMs, admission } = this.#options
    this.#shaking.add(transport)
    try {
      const accepted = await acceptConnection<Caller>(new Connection(transport), {
        dialect, registry, settings, handshakeDeadlineMs,
        sessions: this.#sessions,
        authenticate: async (registration) => {
          const entry = admission.attempt(host, () => this.#authenticate(registration, dialect))
          known(registration.role)
          return typeof entry === 'function' ? entry() : entry
        },
        mayResume: (caller) => {
          const isInForce = tokens.isInForce(caller)
          if (isInForce) known(tokens.current(caller).slave_id === null ? 'control' : 'slave')
          return isInForce
        },
      })
      if (accepted) await this.#open(accepted)
    } catch (error) {
      log.info(`A connection was refused: ${ClusterError.from(error).message}`, { address: transport.address })
    } finally {
      this.#shaking.delete(transport)
    }
  }

  /** Says goodbye to everybody. */
  close(reason: string): void {
    for (const transport of this.#shaking) transport.close(1001, reason)
    for (const link of this.#links.keys()) link.close(reason)
  }

  #authenticate(registration: Registration, dialect: Dialect): Entry {
    if (registration.role === 'slave') return slaveEntry(this.#options.cluster, registration, dialect)
    const token = this.#options.cluster.tokens.authenticate(registration.token)
    if (token.role !== 'admin' && token.role !== 'viewer') {
      throw new ClusterError('unauthenticated', `A ${token.role} token is not for controls`)
    }
    return { tokenId: token.id }
  }

  async #open({ channel, owner: caller, registration, isIntroduced }: Accepted<Caller>): Promise<void> {
    const { cluster, dispatcher, registry, observer, maxRequestsInFlight } = this.#options
    const forget = (): void => {
      this.#links.delete(link)
      if (channel instanceof Session) this.#sessions.remove(channel)
    }
    const owner = registration.role === 'slave' ? slavePeer(cluster, registration) : controlPeer(cluster, dispatcher, caller)
    const link = new Link(channel, {
      self: 'master',
      peer: registration.role,
      registry, observer, maxRequestsInFlight,
      owner: {
        ...owner,
        closed: (reason, from) => {
          forget()
          owner.closed?.(reason, from)
        },
      },
    })
    this.#links.set(link, caller)
    if (registration.role === 'slave' && isIntroduced) await cluster.slaves.connected(link, registration)
  }

  #closeLinksOf(tokenId: number, why: string): void {
    for (const [link, caller] of this.#links) if (caller.tokenId === tokenId) link.close(why)
  }
}
