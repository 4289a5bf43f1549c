import { ClusterError } from '../../lib/errors/cluster-error.ts'
import type { Permission } from '../../lib/auth/permission.ts'
import { roleHolds } from '../../lib/auth/role.ts'
import type { RoleName } from '../../lib/auth/role.ts'
import type { Principal } from '../../lib/plugin/cluster-view.ts'
import type { TokenService } from './tokens.ts'
import type { UserService } from './users.ts'

/** Who sent a request: a token's holder or a user. The rights are looked up anew for every request. */
export type Caller = Principal

/** What callers may do at this moment. */
export class Access {
  readonly #tokens: TokenService
  readonly #users: UserService

  constructor(tokens: TokenService, users: UserService) {
    this.#tokens = tokens
    this.#users = users
  }

  /** Throws `forbidden` or `unauthenticated` unless the caller holds the permission at this moment. */
  require(caller: Caller, permission: Permission): void {
    const { role, name } = this.#current(caller)
    if (roleHolds(role, permission)) return
    const kind = caller.userId === undefined ? 'token' : 'user'
    throw new ClusterError('forbidden', `The ${kind} "${name}" (role ${role}) may not do this: it needs the permission ${permission}`, { details: { permission } })
  }

  holds(caller: Caller, permission: Permission): boolean {
    return this.isInForce(caller) && roleHolds(this.#current(caller).role, permission)
  }

  isInForce(caller: Caller): boolean {
    return caller.userId === undefined ? this.#tokens.isInForce(caller) : this.#users.isInForce(caller)
  }

  /** Names somebody for the log. */
  nameOf(caller: Caller): string {
    const kind = caller.userId === undefined ? 'token' : 'user'
    return this.isInForce(caller) ? `${kind} "${this.#current(caller).name}"` : `a ${kind} that is not in force`
  }

  #current(caller: Caller): { readonly role: RoleName; readonly name: string } {
    return caller.userId === undefined ? this.#tokens.current(caller) : this.#users.current(caller)
  }
}
