import type { Permission } from '../auth/permission.ts'
import type { InstanceInfo } from '../link/messages/instances.ts'
import type { SlaveInfo } from '../link/messages/slaves.ts'

/** Who asks for something: the holder of a token, or a user. Its rights are looked up whenever it asks. */
export type Principal = TokenPrincipal | UserPrincipal

export interface TokenPrincipal {
  readonly tokenId: number
  readonly userId?: undefined
}

export interface UserPrincipal {
  readonly tokenId?: undefined
  readonly userId: number
  /** Which of the user's passwords he has shown: with a new one the principals of the old one are out of force. */
  readonly passwordNumber: number
}

/** The cluster as a plugin sees it. */
export interface ClusterView {
  slaves(): SlaveInfo[]
  instances(): InstanceInfo[]
  instance(instanceId: number): InstanceInfo | undefined
  instanceByName(name: string): InstanceInfo | undefined
  /** Whose token this is. Throws `unauthenticated`. */
  authenticate(token: string): TokenPrincipal
  /**
   * Checks a user's name and password. It takes as long for a name that there is not. Throws `unauthenticated`, or
   * `overloaded` when too many wait to be checked. A plugin counts failures with `admission`.
   */
  authenticateUser(name: string, password: string): Promise<UserPrincipal>
  /**
   * Gives a user another password if he knows the old one. Resolves, when it is durable, with the principal that is good
   * from now on. Throws `unauthenticated`, `invalid_request` for a password that can't be, `overloaded`.
   */
  changePassword(principal: UserPrincipal, oldPassword: string, newPassword: string): Promise<UserPrincipal>
  /** Whether the token is good, or the user there with the password that he has shown. */
  isInForce(principal: Principal): boolean
  /** Throws `forbidden`, or `unauthenticated` once the principal is out of force. */
  require(principal: Principal, permission: Permission): void
  holds(principal: Principal, permission: Permission): boolean
  /** Calls the listener when a token is revoked or expires: connections that were made with it must end. */
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
  /** The user was deleted or has another password: connections whose principal is not in force must end. */
  user_revoked: { readonly userId: number }
  chat: { readonly instance: InstanceInfo; readonly player: string; readonly text: string }
  /** A whole line that a game printed; of one longer than 16 KiB its beginning. Consoles flow only while somebody listens. */
  console_line: { readonly instance: InstanceInfo; readonly run: number; readonly text: string }
  /** A field was changed. Those of the master's own config never are while it runs. */
  config_changed: ConfigChange
  shutdown: Record<string, never>
}

/** Which field of what was changed: a slave has `draining`, an instance those that `ctl instance config` names. */
export type ConfigChange =
  | { readonly of: 'instance'; readonly instance: InstanceInfo; readonly field: string }
  | { readonly of: 'slave'; readonly slave: SlaveInfo; readonly field: string }

/** What a listener wants of a hook. */
export interface HookOptions {
  /** Ids of the instances whose lines are wanted (`console_line`); all when left out. */
  readonly instances?: readonly number[]
}

export type HookName = keyof Hooks
