import { ClusterError } from '../../lib/errors/cluster-error.ts'
import type { RoleName } from '../../lib/auth/role.ts'
import { hashToken, newToken } from '../../lib/auth/token.ts'
import { defaultKeepMs } from '../../lib/link/outcomes.ts'
import type { TokenInfo } from '../../lib/link/messages/cluster.ts'
import type { Principal, TokenPrincipal } from '../../lib/plugin/cluster-view.ts'
import { deleteFrom, putIn } from '../../lib/store/store.ts'
import type { Collection, Store, Write } from '../../lib/store/store.ts'
import { Expiries } from './expiries.ts'
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
  /** Idempotency key of the request that made it. */
  readonly created_with?: string | null
}

interface NewToken {
  /** Made up unless it is given. */
  readonly token?: string | undefined
  readonly name: string
  readonly role: RoleName
  readonly expiresInS?: number | undefined
  readonly uses?: number | undefined
  readonly slaveId?: number | undefined
  readonly createdWith?: string | undefined
}

type RevokedListener = (tokenId: number, why: string) => void

/**
 * Opaque bearer tokens: shown once, kept as a hash, with an expiry, listed and revoked; a change holds at once. One that
 * has expired is deleted.
 */
export class TokenService {
  readonly #tokens: Collection<TokenRecord>
  readonly #store: Store
  readonly #ids: IdSequence
  readonly #idByHash = new Map<string, string>()
  readonly #hashById = new Map<string, string>()
  readonly #revokedListeners = new Set<RevokedListener>()
  /** Tokens whose revocation is not durable yet: of two that are revoked at once, each must not count on the other. */
  readonly #leaving = new Set<string>()
  readonly #expiries: Expiries

  constructor(store: Store) {
    this.#store = store
    this.#tokens = store.collection<TokenRecord>('tokens')
    this.#ids = new IdSequence(store, 'token')
    this.#expiries = new Expiries((id) => this.#expired(id))
    for (const { id, value } of this.#tokens.list()) this.#learn(id, value)
    this.#tokens.watch(({ id, value }) => {
      if (value) this.#learn(id, value)
      else this.#forget(id)
    })
  }

  /** Looks after tokens that expire no longer. */
  close(): void {
    this.#expiries.close()
  }

  /** A new token and the writes that put it on record; it is good once they are durable. */
  prepare({ token = newToken(), name, role, expiresInS, uses, slaveId, createdWith }: NewToken): { token: string; record: TokenRecord; writes: Write[] } {
    const { id, write } = this.#ids.take()
    const now = Date.now()
    const record: TokenRecord = {
      id, name, role,
      hash: hashToken(token),
      created_at: new Date(now).toISOString(),
      expires_at: expiresInS === undefined ? null : new Date(now + expiresInS * 1_000).toISOString(),
      uses_left: uses ?? null,
      slave_id: slaveId ?? null,
      created_with: createdWith ?? null,
    }
    return { token, record, writes: [write, putIn(this.#tokens, String(id), record)] }
  }

  /** Makes a token. Resolves when it is durable. One that was made just before with the same idempotency key has reached nobody, and is revoked. */
  async create(options: NewToken): Promise<{ token: string; record: TokenRecord }> {
    const { token, record, writes } = this.prepare(options)
    await this.#store.batch([...this.#revocationsOfLost(record), ...writes])
    return { token, record }
  }

  #revocationsOfLost({ created_with: key, created_at: at }: TokenRecord): Write[] {
    if (!key) return []
    const isLost = (other: TokenRecord): boolean => other.created_with === key && Date.parse(at) - Date.parse(other.created_at) < defaultKeepMs
    return this.#tokens.list().filter(({ value }) => isLost(value)).map(({ id }) => deleteFrom(this.#tokens, id))
  }

  /** Whose token this is. Throws `unauthenticated`. */
  authenticate(token: string): TokenRecord {
    const found = this.find(token)
    if (!found) throw new ClusterError('unauthenticated', 'This token is unknown, expired or revoked; ask an administrator for a new one')
    return found
  }

  /** The same; undefined where it is not good. */
  find(token: string): TokenRecord | undefined {
    const id = this.#idByHash.get(hashToken(token))
    const found = id === undefined ? undefined : this.#tokens.get(id)
    return found && !hasExpired(found.value) ? found.value : undefined
  }

  /** The token of a caller as it is now. Throws `unauthenticated` once it is revoked or has expired. */
  current({ tokenId }: TokenPrincipal): TokenRecord {
    const found = this.#tokens.get(String(tokenId))
    if (!found || hasExpired(found.value)) {
      throw new ClusterError('unauthenticated', 'The token of this connection has expired or was revoked')
    }
    return found.value
  }

  isInForce(caller: TokenPrincipal): boolean {
    const found = this.#tokens.get(String(caller.tokenId))
    return found !== undefined && !hasExpired(found.value)
  }

  /**
   * The write that takes one use of a join token; it fails with `conflict` when another took one at the same moment, and is
   * to be made anew then. Throws `unauthenticated` when none is left, `forbidden` for a user.
   */
  takeUse(caller: Principal): Write {
    if (caller.tokenId === undefined) throw new ClusterError('forbidden', 'A slave joins with a join token, not as a user; ask for one with `ctl slave invite`')
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

  /** Takes a token out of force. Throws `not_found`, and `conflict` for the last one that administers the cluster without end. */
  async revoke(tokenId: number): Promise<void> {
    const id = String(tokenId)
    this.#expectOtherAdministrator(id)
    this.#leaving.add(id)
    try {
      if (!await this.#tokens.delete(id)) throw new ClusterError('not_found', `There is no token ${tokenId}; see \`ctl token list\``)
    } finally {
      this.#leaving.delete(id)
    }
  }

  /** Without a token that administers, and goes on to, nobody could make another. */
  #expectOtherAdministrator(leaving: string): void {
    const lasting = this.#tokens.list().filter(({ id, value }) => isLastingAdministrator(value) && !this.#leaving.has(id))
    if (lasting.length !== 1 || lasting[0]?.id !== leaving) return
    throw new ClusterError('conflict', `Cannot revoke token ${leaving}: it is the last administrator's token without an expiry, and without it nobody could administer the cluster; `
      + 'make another with `ctl token create NAME` first')
  }

  /** The writes that revoke a slave's token; none where it has no token of its own. */
  revocationsOf(slaveId: number): Write[] {
    return this.#tokens.list().filter(({ value }) => value.slave_id === slaveId).map(({ id }) => deleteFrom(this.#tokens, id))
  }

  /** Calls the listener for each token that is no longer good, once or twice. */
  onRevoked(listener: RevokedListener): () => void {
    this.#revokedListeners.add(listener)
    return () => this.#revokedListeners.delete(listener)
  }

  #learn(id: string, { hash, expires_at: expiresAt }: TokenRecord): void {
    this.#idByHash.set(hash, id)
    this.#hashById.set(id, hash)
    if (expiresAt !== null) this.#expiries.set(id, Date.parse(expiresAt))
  }

  #forget(id: string): void {
    const hash = this.#hashById.get(id)
    if (hash !== undefined) this.#idByHash.delete(hash)
    this.#hashById.delete(id)
    this.#expiries.delete(id)
    this.#tellRevoked(id, 'The token was revoked')
  }

  /** Whoever uses it must go, whether or not the store can delete it now. */
  async #expired(id: string): Promise<void> {
    this.#tellRevoked(id, 'The token has expired')
    await this.#tokens.delete(id)
  }

  #tellRevoked(id: string, why: string): void {
    for (const listener of this.#revokedListeners) listener(Number(id), why)
  }
}

export function tokenInfo({ id, name, role, created_at, expires_at, uses_left }: TokenRecord): TokenInfo {
  return { id, name, role, created_at, expires_at, uses_left }
}

function isLastingAdministrator({ role, expires_at: expiresAt }: TokenRecord): boolean {
  return role === 'admin' && expiresAt === null
}

function hasExpired({ expires_at: expiresAt }: TokenRecord): boolean {
  return expiresAt !== null && Date.parse(expiresAt) <= Date.now()
}
