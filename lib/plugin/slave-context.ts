import type { Static } from '@sinclair/typebox'
import type { EventDefinition, EventOf, RequestDefinition, RequestOf, ResponseOf } from '../link/define.ts'
import type { InstanceState } from '../link/messages/instances.ts'
import type { LastExit } from '../link/messages/shapes.ts'
import type { Logger } from '../log/logger.ts'
import type { Clock } from './clock.ts'
import type { Peer } from './peer.ts'

/** An instance as its slave sees it. */
export interface LocalInstance extends InstanceState {
  readonly id: number
  readonly name: string
  /** Id of its template. */
  readonly template: string
}

/** What happens to one instance on its slave, by name of the hook. */
export interface InstanceHooks {
  /** Its state changed; several changes at once are told once. */
  instance_changed: { readonly instance: LocalInstance }
  /** A run began, or goes on after the slave was started anew. */
  run_started: { readonly instance: LocalInstance; readonly run: number }
  run_ended: { readonly instance: LocalInstance; readonly run: number; readonly exit: Static<typeof LastExit> }
  player_joined: { readonly instance: LocalInstance; readonly player: string }
  player_left: { readonly instance: LocalInstance; readonly player: string }
  chat: { readonly instance: LocalInstance; readonly player: string; readonly text: string }
  /** A whole line that the game printed; of one longer than 16 KiB its beginning. Read only while somebody listens. */
  console_line: { readonly instance: LocalInstance; readonly run: number; readonly text: string }
  /** The slave stops; games may go on. */
  shutdown: Record<string, never>
}

/** What happens on a slave, by name of the hook. */
export interface SlaveHooks extends InstanceHooks {
  instance_added: { readonly instance: LocalInstance }
  instance_removed: { readonly instanceId: number }
  /** The slave has a new conversation with its master: what that shall know must be said again. */
  master_connected: Record<string, never>
}

/** What both kinds of parts on a slave work with. Whatever they register here is undone when they stop. */
interface LocalContext<Config> {
  /** The plugin's fields as the master has them; those that are secret are left out. */
  readonly config: Config
  readonly log: Logger
  readonly clock: Clock
  /** The plugin's part in the master. */
  readonly master: Peer
  /** Directory on the slave's disk of this part's own, made on first use. That of an instance goes with the instance. */
  dataDirectory(): Promise<string>
  /** Takes events of the plugin's own that are sent to this part. */
  accept<D extends EventDefinition>(definition: D, listener: (data: EventOf<D>) => void): void
  /** Runs when the part stops, last registered first. */
  onStop(stop: () => void | Promise<void>): void
}

/** What the slave part of a plugin works with. */
export interface SlaveContext<Config> extends LocalContext<Config> {
  readonly slave: { readonly id: number; readonly name: string }
  /** Whether a conversation with the master goes on; a drop of the connection that is resumed does not end it. */
  hasMaster(): boolean
  instances(): LocalInstance[]
  instance(instanceId: number): LocalInstance | undefined
  /** Sends a line to an instance's console. Throws `not_found`, `wrong_state`, `console_unavailable`. */
  sendLine(instanceId: number, line: string): Promise<void>
  /** The line that says a text in a game, by its template; undefined where the game can't be told. */
  sayCommand(instanceId: number, text: string): string | undefined
  /** The plugin's part of an instance here. */
  instancePart(instanceId: number): Peer
  /** Answers a request of the plugin's own that ends at the slave; `from` names the instance whose part sent it, if one did. */
  answer<D extends RequestDefinition>(definition: D, handler: (data: RequestOf<D>, from: { readonly instanceId?: number }) => ResponseOf<D> | Promise<ResponseOf<D>>): void
  /** Calls the listener whenever the hook's event happens; what it throws is reported and nothing else. The returned function ends that. */
  on<H extends keyof SlaveHooks>(hook: H, listener: (event: SlaveHooks[H]) => unknown): () => void
}

/** What the part of a plugin for one instance works with. */
export interface InstanceContext<Config> extends LocalContext<Config> {
  readonly instanceId: number
  /** The instance as it is now. */
  instance(): LocalInstance
  /** Sends a line to the game's console. Throws `wrong_state`, `console_unavailable`. */
  sendLine(line: string): Promise<void>
  /** The line that says a text in the game, by its template; undefined where the game can't be told. */
  sayCommand(text: string): string | undefined
  /** The plugin's slave part. */
  readonly slavePart: Peer
  /** Answers a request of the plugin's own whose `instance_id` names this instance. */
  answer<D extends RequestDefinition>(definition: D, handler: (data: RequestOf<D>) => ResponseOf<D> | Promise<ResponseOf<D>>): void
  /** As on a slave, of this instance only. */
  on<H extends keyof InstanceHooks>(hook: H, listener: (event: InstanceHooks[H]) => unknown): () => void
}
