import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { RequestHandler } from 'express'
import type { Directory } from '../hub/directory.ts'
import type { Presence } from '../hub/presence.ts'
import type { Topics } from '../hub/topics.ts'
import type { EventDefinition, EventOf, RequestDefinition, RequestOf, ResponseOf } from '../link/define.ts'
import type { SlaveInfo } from '../link/messages/slaves.ts'
import type { Logger } from '../log/logger.ts'
import type { Collection } from '../store/store.ts'
import type { Admission } from '../net/admission.ts'
import type { Clock } from './clock.ts'
import type { ClusterView, HookName, HookOptions, Hooks, Principal } from './cluster-view.ts'
import type { Peer } from './peer.ts'

/** The meeting place of all doors. */
export interface Hub {
  /** Names in namespaces; a plugin's namespaces begin with its name. */
  readonly directory: Directory<object>
  readonly topics: Topics
  /** Shared by all doors: a user is the same user everywhere. */
  readonly presence: Presence
}

/** A WebSocket door on the master's own port. */
export interface WebSocketDoor {
  /** Serves this path; without it, every path that no other door serves and whose offer has the subprotocol. */
  readonly path?: string
  readonly subprotocols?: readonly string[]
  /** Takes over the connection; its errors are listened to already. Says itself, by `admission`, how long the address counts as unknown. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
}

export type ListenAddress = { readonly host: string; readonly port: number } | { readonly path: string }

export interface ListenOptions {
  /** Peers that send nothing more can still be answered; each connection must be ended here then. */
  readonly allowHalfOpen?: boolean
}

/** Who sent a request, and over which connection unless it came over HTTP. */
export type Caller = Principal & { readonly control?: Control }

/** A control's connection. */
export interface Control {
  /** Sends it an event of the plugin's own. */
  emit<D extends EventDefinition>(definition: D, data: EventOf<D>): void
  /** Calls the listener when the connection has ended, or soon where it has already. */
  onClosed(listener: () => void): void
}

/** Who sent an event: a slave's part of the plugin, or a control that may use plugins. */
export type Sender = { readonly slave: SlaveInfo } | { readonly control: Principal }

/** What the master part of a plugin works with. Whatever it registers here is undone when the plugin stops. */
export interface MasterContext<Config> {
  readonly config: Config
  readonly log: Logger
  readonly clock: Clock
  readonly hub: Hub
  readonly cluster: ClusterView
  /** Directory on disk of the plugin's own, made on first use. */
  dataDirectory(): Promise<string>
  /** Documents of the plugin's own in the master's store. */
  collection<T>(name: string): Collection<T>
  /** The limits before and after authentication, the same for every door. */
  readonly admission: Admission
  /** How long a connection may take to show who it is, in milliseconds: `limits.handshake_ms`. */
  readonly handshakeMs: number
  /** Address of the master as others reach it, such as `http://HOST:8080`. */
  readonly url: string
  /** Serves HTTP below a path, with an express router or a handler. */
  route(path: string, router: RequestHandler): void
  webSocket(door: WebSocketDoor): void
  /** Listens on an address of its own; a unix socket is for this user only, and one left behind is replaced. Resolves with the port in use. Throws `address_in_use`, `invalid_config`, and `shutting_down` when the plugin has stopped. */
  listen(address: ListenAddress, onConnection: (socket: Socket) => void, options?: ListenOptions): Promise<{ port: number | undefined }>
  /** Answers a request that the plugin defines, for controls over link and HTTP alike. */
  answer<D extends RequestDefinition>(definition: D, handler: (data: RequestOf<D>, caller: Caller) => ResponseOf<D> | Promise<ResponseOf<D>>): void
  /** Answers a request that the plugin's parts on slaves send. */
  answerSlave<D extends RequestDefinition>(definition: D, handler: (data: RequestOf<D>, slave: SlaveInfo) => ResponseOf<D> | Promise<ResponseOf<D>>): void
  /** Takes events of the plugin's own. */
  accept<D extends EventDefinition>(definition: D, listener: (data: EventOf<D>, sender: Sender) => void): void
  /** The plugin's part on a slave; messages whose routes lead on to an instance go to that one's part. */
  slavePart(slaveId: number): Peer
  /** The plugin's part of an instance, on whichever slave that is. */
  instancePart(instanceId: number): Peer
  /** Calls the listener whenever the hook's event happens; what it throws is reported and nothing else. The returned function ends that. */
  on<H extends HookName>(hook: H, listener: (event: Hooks[H]) => unknown, options?: HookOptions): () => void
  /** A figure under `/metrics`, named `corral_<plugin>_<name>`, read when asked for. */
  gauge(name: string, help: string, read: () => number): void
  /** A count under `/metrics`; the returned function adds to it. */
  counter(name: string, help: string): (by?: number) => void
  /** Runs when the plugin stops, last registered first. */
  onStop(stop: () => void | Promise<void>): void
}
