import type { Permission } from '../auth/permission.ts'
import type { InstanceInfo } from '../link/messages/instances.ts'
import type { SlaveInfo } from '../link/messages/slaves.ts'

/** Who asks for something: the holder of a token. Its rights are looked up whenever it asks. */
export interface Principal {
  readonly tokenId: number
}

/** The cluster as a plugin sees it. */
export interface ClusterView {
  slaves(): SlaveInfo[]
  instances(): InstanceInfo[]
  instance(instanceId: number): InstanceInfo | undefined
  instanceByName(name: string): InstanceInfo | undefined
  /** Whose token this is. Throws `unauthenticated`. */
  authenticate(token: string): Principal
  /** Throws `forbidden`, or `unauthenticated` once the token is revoked. */
  require(principal: Principal, permission: Permission): void
  holds(principal: Principal, permission: Permission): boolean
  /** Calls the listener when a token is revoked: connections that were made with it must end. */
  onRevoked(listener: (tokenId: number) => void): () => void
  /** Answers a request of a control as if it came over the link from this principal, permissions included. */
  request(type: string, data: object, principal: Principal): Promise<unknown>
  /** Sends a line to an instance's console in the plugin's own right. Throws as `send_rcon` does. */
  send(instanceId: number, line: string): Promise<void>
  /** The line that says a text in a game, by its template; undefined where the game can't be told. */
  sayCommand(instanceId: number, text: string): string | undefined
  /** Calls the listener with an instance's output while it is followed; the returned function ends that. */
  followConsole(instanceId: number, listener: (output: ConsoleOutput) => void): () => void
}

/** A piece of an instance's output. */
export interface ConsoleOutput {
  readonly run: number
  readonly offset: number
  readonly bytes: Buffer
}

/** What happens in the cluster, by name of the hook. */
export interface Hooks {
  slave_connected: { readonly slave: SlaveInfo }
  slave_gone: { readonly slave: SlaveInfo }
  slaves_changed: Record<string, never>
  instance_changed: { readonly instance: InstanceInfo }
  instance_deleted: { readonly instanceId: number }
  player_joined: { readonly instance: InstanceInfo; readonly player: string }
  player_left: { readonly instance: InstanceInfo; readonly player: string }
  chat: { readonly instance: InstanceInfo; readonly player: string; readonly text: string }
  shutdown: Record<string, never>
}

export type HookName = keyof Hooks
