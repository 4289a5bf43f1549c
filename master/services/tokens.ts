import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { roleHolds } from '../../lib/auth/role.ts'
import type { RoleName } from '../../lib/auth/role.ts'
import type { Permission } from '../../lib/auth/permission.ts'
import { hashToken, newToken } from '../../lib/auth/token.ts'
import type { TokenInfo } from '../../lib/link/messages/cluster.ts'
import { deleteFrom, putIn } from '../../lib/store/store.ts'
import type { Collection, Store, Write } from '../../lib/store/store.ts'
import { IdSequence } from './ids.ts'

export interface TokenRecord {
  readonly id: number
  readonly name: string
  readonly role: RoleName
  readonly hash: string
  readonly created_at: string
  readonly expires_at: string | null
  /** How many slaves may still join with it; null for tokens that are not used up. */
  readonly uses_left: number | null
  readonly slave_id: number | null
}

/** Who sent a request: the token that it was made with. Its rights are looked up anew for every request. */
export interface Caller {
  readonly tokenId: number
}

interface NewToken {
  readonly name: string
  readonly role: RoleName
  readonly expiresInS?: number | undefined
  readonly uses?: number | undefined
  readonly slaveId?: number | undefined
}

/** Opaque bearer tokens: shown once, kept as a hash, with an expiry, listed and revoked; a change holds at once. */
export class TokenService {
  readonly #tokens: Collection<TokenRecord>
  readonly #store: Store
  readonly #ids: IdSequence
  readonly #idByHash = new Map<string, string>()
  readonly #revokedListeners = new Set<(tokenId: number) => void>()

  constructor(store: Store) {
    this.#store = store
    this.#tokens = store.collection<TokenRecord>('tokens')
    this.#ids = new IdSequence(store, 'token')
    for (const { id, value } of this.#tokens.list()) this.#idByHash.set(value.hash, id)
    this.#tokens.watch(({ id, value }) => {
      if (value) this.#idByHash.set(value.hash, id)
      else this.#forget(id)
    })
  }

  /** A new token and the writes that put it on record; it is good once they are durable. */
  prepare({ name, role, expiresInS, uses, slaveId }: NewToken): { token: string; record: TokenRecord; writes: Write[] } {
    const { id, write } = this.#ids.take()
    const token = newToken()
    const now = Date.now()
    const record: TokenRecord = {
      id, name, role,
      hash: hashToken(token),
      created_at: new Date(now).toISOString(),
      expires_at: expiresInS === undefined ? null : new Date(now + expiresInS * 1_000).toISOString(),
      uses_left: uses ?? null,
      slave_id: slaveId ?? null,
    }
    return { token, record, writes: [write, putIn(this.#tokens, String(id), record)] }
  }

  /** Makes a token. Resolves when it is durable. */
  async create(options: NewToken): Promise<{ token: string; record: TokenRecord }> {
    const { token, record, writes } = this.prepare(options)
    await this.#store.batch(writes)
    return { token, record }
  }

  /** Whose token this is. Throws `unauthenticated`. */
  authenticate(token: string): TokenRecord {
    const id = this.#idByHash.get(hashToken(token))
    const found = id === undefined ? undefined : this.#tokens.get(id)
    if (!found || hasExpired(found.value)) {
      throw new ClusterError('unauthenticated', 'This token is unknown, expired or revoked; ask an administrator for a new one')
    }
    return found.value
  }

  /** The token of a caller as it is now. Throws `unauthenticated` once it is revoked or has expired. */
  current({ tokenId }: Caller): TokenRecord {
    const found = this.#tokens.get(String(tokenId))
    if (!found || hasExpired(found.value)) {
      throw new ClusterError('unauthenticated', 'The token of this connection has expired or was revoked')
    }
    return found.value
  }

  isInForce(caller: Caller): boolean {
    const found = this.#tokens.get(String(caller.tokenId))
    return found !== undefined && !hasExpired(found.value)
  }

  /** Throws `forbidden` or `unauthenticated` unless the caller holds the permission at this moment. */
  require(caller: Caller, permission: Permission): void {
    const { role, name } = this.current(caller)
    if (!roleHolds(role, permission)) {
      throw new ClusterError('forbidden', `The token "${name}" (role ${role}) may not do this: it needs the permission ${permission}`, { details: { permission } })
    }
  }

  holds(caller: Caller, permission: Permission): boolean {
    return this.isInForce(caller) && roleHolds(this.current(caller).role, permission)
  }

  /** The write that takes one use of a join token, sure to be the only one that takes it. Throws `unauthenticated` when none is left. */
  takeUse(caller: Caller): Write {
    const found = this.#tokens.get(String(caller.tokenId))
    const left = found?.value.uses_left
    if (!found || left === 0) throw new ClusterError('unauthenticated', 'This join token is used up; ask for another with `ctl slave invite`')
    const options = { expectedRevision: found.revision }
    if (left === null || left === undefined) return putIn(this.#tokens, found.id, found.value, options)
    return left === 1 ? deleteFrom(this.#tokens, found.id, options) : putIn(this.#tokens, found.id, { ...found.value, uses_left: left - 1 }, options)
  }

  list(): TokenInfo[] {
    return this.#tokens.list()
      .map(({ value }) => value)
      .filter((record) => !hasExpired(record))
      .map(tokenInfo)
      .sort((a, b) => a.id - b.id)
  }

  /** Takes a token out of force. Throws `not_found`. */
  async revoke(tokenId: number): Promise<void> {
    if (!await this.#tokens.delete(String(tokenId))) throw new ClusterError('not_found', `There is no token ${tokenId}; see \`ctl token list\``)
  }

  /** The writes that revoke a slave's token. */
  revocationsOf(slaveId: number): Write[] {
    return this.#tokens.list().filter(({ value }) => value.slave_id === slaveId).map(({ id }) => deleteFrom(this.#tokens, id))
  }

  /** Calls the listener for each token that is no longer good. */
  onRevoked(listener: (tokenId: number) => void): () => void {
    this.#revokedListeners.add(listener)
    return () => this.#revokedListeners.delete(listener)
  }

  #forget(id: string): void {
    for (const [hash, holder] of this.#idByHash) if (holder === id) this.#idByHash.delete(hash)
    for (const listener of this.#revokedListeners) listener(Number(id))
  }
}

export function tokenInfo({ id, name, role, created_at, expires_at, uses_left }: TokenRecord): TokenInfo {
  return { id, name, role, created_at, expires_at, uses_left }
}

function hasExpired({ expires_at: expiresAt }: TokenRecord): boolean {
  return expiresAt !== null && Date.parse(expiresAt) <= Date.now()
}
