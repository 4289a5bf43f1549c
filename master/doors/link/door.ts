import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import { ClusterError } from '../../../lib/errors/cluster-error.ts'
import type { ChannelSettings, Dialect } from '../../../lib/link/channel.ts'
import { Connection } from '../../../lib/link/connection.ts'
import { acceptConnection } from '../../../lib/link/handshake/accept.ts'
import { sessionSubprotocol } from '../../../lib/link/handshake/shapes.ts'
import type { Registration } from '../../../lib/link/handshake/shapes.ts'
import { Link } from '../../../lib/link/link.ts'
import type { LinkObserver } from '../../../lib/link/link.ts'
import type { Registry } from '../../../lib/link/registry.ts'
import { Sessions } from '../../../lib/link/session/sessions.ts'
import { ThrottledTransport } from '../../../lib/link/transport/throttled.ts'
import type { Transport } from '../../../lib/link/transport/transport.ts'
import { WebSocketTransport } from '../../../lib/link/transport/websocket.ts'
import type { Admission } from '../../../lib/net/admission.ts'
import type { Cluster } from '../../cluster.ts'
import type { Dispatcher } from '../../dispatcher.ts'
import type { Caller } from '../../services/tokens.ts'
import { controlPeer } from './control-peer.ts'
import { slavePeer } from './slave-peer.ts'

export interface LinkDoorOptions {
  readonly cluster: Cluster
  readonly dispatcher: Dispatcher
  readonly registry: Registry
  readonly observer: LinkObserver
  readonly settings: ChannelSettings
  readonly maxFrameBytes: number
  readonly handshakeDeadlineMs: number
  readonly maxRequestsInFlight: number
  readonly maxMessagesPerSecond: number
  readonly admission: Admission
}

/** Serves seed 001 at `/api/socket`: slaves and controls, in the base and the session dialect. */
export class LinkDoor {
  readonly #options: LinkDoorOptions
  readonly #server: WebSocketServer
  readonly #sessions = new Sessions<Caller>()
  readonly #links = new Map<Link, Caller>()
  readonly #shaking = new Set<Transport>()

  constructor(options: LinkDoorOptions) {
    this.#options = options
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: options.maxFrameBytes,
      handleProtocols: (offered) => (offered.has(sessionSubprotocol) ? sessionSubprotocol : false),
    })
    options.cluster.tokens.onRevoked((tokenId) => this.#closeLinksOf(tokenId))
  }

  /** Links by the kind of peer. */
  count(peer: 'slave' | 'control'): number {
    return [...this.#links.keys()].filter((link) => link.peer === peer).length
  }

  /** Takes over a connection that asked for an upgrade at the door's path. Throws `overloaded`. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { admission, maxMessagesPerSecond: framesPerSecond } = this.#options
    const { remoteAddress = 'unknown', remotePort = 0 } = request.socket
    const admitted = admission.admit(remoteAddress)
    socket.once('close', () => admitted.done())
    this.#server.handleUpgrade(request, socket, head, (ws) => {
      const transport = new ThrottledTransport(new WebSocketTransport(ws, socket, `${remoteAddress}:${remotePort}`), { framesPerSecond })
      void this.accept(transport, ws.protocol === sessionSubprotocol ? 'session' : 'base', remoteAddress).finally(() => admitted.done())
    })
  }

  /** Shakes hands on a transport; whatever goes wrong concerns that peer alone. */
  async accept(transport: Transport, dialect: Dialect, host: string): Promise<void> {
    const { cluster: { log, tokens }, registry, settings, handshakeDeadlineMs } = this.#options
    this.#shaking.add(transport)
    try {
      const accepted = await acceptConnection<Caller>(new Connection(transport), {
        dialect, registry, settings, handshakeDeadlineMs,
        sessions: this.#sessions,
        authenticate: (registration) => this.#admit(registration, host),
        mayResume: (caller) => tokens.isInForce(caller),
      })
      if (accepted) await this.#open(accepted.channel, accepted.owner, accepted.registration)
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
    this.#server.close()
  }

  #admit(registration: Registration, host: string): Caller {
    const { admission } = this.#options
    // Others of this address may have failed while this one made up its mind.
    admission.checkLogins(host)
    try {
      return this.#authenticate(registration)
    } catch (error) {
      if (ClusterError.from(error).code === 'unauthenticated') admission.failed(host)
      throw error
    }
  }

  #authenticate(registration: Registration): Caller {
    const { tokens, slaves } = this.#options.cluster
    const token = tokens.authenticate(registration.token)
    const isSlave = registration.role === 'slave'
    if (isSlave && (token.slave_id !== registration.id || !slaves.get(registration.id))) {
      throw new ClusterError('unauthenticated', `This token is not that of slave ${registration.id}; join the cluster again with \`slave join\``)
    }
    if (!isSlave && token.role !== 'admin' && token.role !== 'viewer') {
      throw new ClusterError('unauthenticated', `A ${token.role} token is not for controls`)
    }
    return { tokenId: token.id }
  }

  async #open(channel: Link['channel'], caller: Caller, registration: Registration): Promise<void> {
    const { cluster, dispatcher, registry, observer, maxRequestsInFlight } = this.#options
    const forget = (): void => {
      this.#links.delete(link)
      if (channel.dialect === 'session') this.#sessions.remove(channel as Parameters<Sessions<Caller>['remove']>[0])
    }
    const owner = registration.role === 'slave' ? slavePeer(cluster, registration) : controlPeer(cluster, dispatcher, caller, () => {})
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
    // A slave of ours first tells which data directory it has: a copy of its config must not push it out.
    if (registration.role === 'slave' && channel.dialect === 'base') await cluster.slaves.connected(link, registration)
  }

  #closeLinksOf(tokenId: number): void {
    for (const [link, caller] of this.#links) if (caller.tokenId === tokenId) link.close('The token was revoked')
  }
}
