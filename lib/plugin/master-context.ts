import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Router } from 'express'
import type { Directory } from '../hub/directory.ts'
import type { Presence } from '../hub/presence.ts'
import type { Topics } from '../hub/topics.ts'
import type { RequestDefinition, RequestOf, ResponseOf } from '../link/define.ts'
import type { Logger } from '../log/logger.ts'
import type { Collection } from '../store/store.ts'
import type { Admission } from '../net/admission.ts'
import type { ClusterView, HookName, Hooks, Principal } from './cluster-view.ts'

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

/** What the master part of a plugin works with. Whatever it registers here is undone when the plugin stops. */
export interface MasterContext<Config> {
  readonly config: Config
  readonly log: Logger
  readonly hub: Hub
  readonly cluster: ClusterView
  /** Directory on disk of the plugin's own, made on first use. */
  dataDirectory(): Promise<string>
  /** Documents of the plugin's own in the master's store. */
  collection<T>(name: string): Collection<T>
  /** The limits before and after authentication, the same for every door. */
  readonly admission: Admission
  /** Address of the master as others reach it, such as `http://HOST:8080`. */
  readonly url: string
  /** Serves HTTP below a path. */
  route(path: string, router: Router): void
  webSocket(door: WebSocketDoor): void
  /** Listens on an address of its own. Resolves with the port in use. Throws `address_in_use`. */
  listen(address: ListenAddress, onConnection: (socket: Socket) => void): Promise<{ port: number | undefined }>
  /** Answers a request that the plugin defines, for controls over link and HTTP alike. */
  answer<D extends RequestDefinition>(definition: D, handler: (data: RequestOf<D>, caller: Principal) => ResponseOf<D> | Promise<ResponseOf<D>>): void
  /** Calls the listener whenever the hook's event happens; what it throws is logged and nothing else. */
  on<H extends HookName>(hook: H, listener: (event: Hooks[H]) => void): void
  /** A figure under `/metrics`, named `corral_<plugin>_<name>`, read when asked for. */
  gauge(name: string, help: string, read: () => number): void
  /** A count under `/metrics`; the returned function adds to it. */
  counter(name: string, help: string): (by?: number) => void
  /** Runs when the plugin stops, last registered first. */
  onStop(stop: () => void | Promise<void>): void
}
