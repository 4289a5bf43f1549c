import { ClusterError } from '../../lib/errors/cluster-error.ts'
import type { RoleName } from '../../lib/auth/role.ts'
import { maxPasswordLength, minPasswordLength, Password } from '../../lib/link/messages/users.ts'
import type { UserInfo } from '../../lib/link/messages/users.ts'
import type { UserPrincipal } from '../../lib/plugin/cluster-view.ts'
import { fits } from '../../lib/link/validate.ts'
import { retryOnConflict } from '../../lib/store/retry-on-conflict.ts'
import { putIn } from '../../lib/store/store.ts'
import type { Collection, Document, Store } from '../../lib/store/store.ts'
import { IdSequence } from './ids.ts'
import { Passwords } from './passwords.ts'

export interface UserRecord {
  readonly id: number
  readonly name: string
  readonly role: RoleName
  readonly password_hash: string
  /** Counts the passwords that the user has had. */
  readonly password_number: number
  readonly created_at: string
  readonly password_changed_at: string
}

interface Known { readonly name: string; readonly passwordNumber: number }

/** The cluster's users: a name, a role, and a password that is kept as a hash. A change holds at once. */
export class UserService {
  readonly #store: Store
  readonly #users: Collection<UserRecord>
  readonly #ids: IdSequence
  readonly #passwords = new Passwords()
  readonly #idByName = new Map<string, string>()
  readonly #known = new Map<string, Known>()
  /** Names that are being given out, so that two can't get the same at once. */
  readonly #claimedNames = new Set<string>()
  readonly #revokedListeners = new Set<(userId: number) => void>()

  constructor(store: Store) {
    this.#store = store
    this.#users = store.collection<UserRecord>('users')
    this.#ids = new IdSequence(store, 'user')
    for (const { id, value } of this.#users.list()) this.#learn(id, value)
    this.#users.watch(({ id, value }) => {
      const before = this.#known.get(id)
      if (value) this.#learn(id, value)
      else this.#forget(id)
      if (before && before.passwordNumber !== value?.password_number) {
        for (const listener of this.#revokedListeners) listener(Number(id))
      }
    })
  }

  /** Makes a user. Resolves when he is durable. Throws `name_in_use`, `overloaded`. */
  async create({ name, password, role }: { name: string; password: string; role: RoleName }): Promise<UserRecord> {
    if (this.#claimedNames.has(name) || this.#idByName.has(name)) {
      throw new ClusterError('name_in_use', `There is a user "${name}" already; choose another name, or set his password with \`ctl user set-password\``)
    }
    this.#claimedNames.add(name)
    try {
      const hash = await this.#passwords.hash(password)
      const { id, write } = this.#ids.take()
      const now = new Date().toISOString()
      const record: UserRecord = { id, name, role, password_hash: hash, password_number: 1, created_at: now, password_changed_at: now }
      await this.#store.batch([write, putIn(this.#users, String(id), record)])
      return record
    } finally {
      this.#claimedNames.delete(name)
    }
  }

  /** Who has this name and password. Throws `unauthenticated`, `overloaded`. */
  async authenticate(name: string, password: string): Promise<UserPrincipal> {
    const id = this.#idByName.get(name)
    const user = id === undefined ? undefined : this.#users.get(id)?.value
    const isRight = await this.#verify(user, password)
    const principal = { userId: user?.id ?? 0, passwordNumber: user?.password_number ?? 0 }
    if (!isRight || !this.isInForce(principal)) throw new ClusterError('unauthenticated', 'The user name or the password is wrong')
    return principal
  }

  /** Gives a user another password if he knows the one that he has. Throws `unauthenticated`, `invalid_request`, `overloaded`. */
  async changePassword(principal: UserPrincipal, oldPassword: string, newPassword: string): Promise<UserPrincipal> {
    if (!fits(Password, newPassword)) {
      throw new ClusterError('invalid_request', `A password has ${minPasswordLength} to ${maxPasswordLength} characters`)
    }
    const user = this.current(principal)
    if (!await this.#verify(user, oldPassword) || !this.isInForce(principal)) throw new ClusterError('unauthenticated', 'The old password is wrong')
    const { id, password_number: passwordNumber } = await this.setPassword(user.id, newPassword, principal)
    return { userId: id, passwordNumber }
  }

  /**
   * Sets a user's password. Resolves when it is durable. Throws `not_found`, `overloaded`, and, where it is to be set only
   * while a principal is in force, `unauthenticated`.
   */
  async setPassword(userId: number, password: string, onlyFor?: UserPrincipal): Promise<UserRecord> {
    const hash = await this.#passwords.hash(password)
    return retryOnConflict(async () => {
      if (onlyFor) this.current(onlyFor)
      const found = this.#require(userId)
      const record: UserRecord = {
        ...found.value,
        password_hash: hash,
        password_number: found.value.password_number + 1,
        password_changed_at: new Date().toISOString(),
      }
      await this.#users.put(found.id, record, { expectedRevision: found.revision })
      return record
    })
  }

  /** Throws `not_found`. */
  async delete(userId: number): Promise<void> {
    if (!await this.#users.delete(this.#require(userId).id)) throw unknownUser(userId)
  }

  list(): UserRecord[] {
    return this.#users.list().map(({ value }) => value).sort((a, b) => a.id - b.id)
  }

  /** The user that a principal stands for. Throws `unauthenticated` once he is deleted or has another password. */
  current({ userId, passwordNumber }: UserPrincipal): UserRecord {
    const user = this.#users.get(String(userId))?.value
    if (user?.password_number !== passwordNumber) {
      throw new ClusterError('unauthenticated', 'This user was deleted or has another password now')
    }
    return user
  }

  isInForce({ userId, passwordNumber }: UserPrincipal): boolean {
    return this.#users.get(String(userId))?.value.password_number === passwordNumber
  }

  /** Calls the listener for each user who was deleted or has got another password. */
  onRevoked(listener: (userId: number) => void): () => void {
    this.#revokedListeners.add(listener)
    return () => this.#revokedListeners.delete(listener)
  }

  /** A longer one can't be right, and is not worth the time that hashing it takes. */
  #verify(user: UserRecord | undefined, password: string): Promise<boolean> {
    return password.length > maxPasswordLength ? this.#passwords.verify(undefined, '') : this.#passwords.verify(user?.password_hash, password)
  }

  #require(userId: number): Document<UserRecord> {
    const found = this.#users.get(String(userId))
    if (!found) throw unknownUser(userId)
    return found
  }

  #learn(id: string, { name, password_number: passwordNumber }: UserRecord): void {
    this.#idByName.set(name, id)
    this.#known.set(id, { name, passwordNumber })
  }

  #forget(id: string): void {
    const known = this.#known.get(id)
    this.#known.delete(id)
    if (known && this.#idByName.get(known.name) === id) this.#idByName.delete(known.name)
  }
}

export function userInfo({ id, name, role, created_at, password_changed_at }: UserRecord): UserInfo {
  return { id, name, role, created_at, password_changed_at }
}

function unknownUser(userId: number): ClusterError {
  return new ClusterError('not_found', `There is no user ${userId}; see \`ctl user list\``)
}
