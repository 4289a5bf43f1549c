import { ClusterError } from '../../lib/errors/cluster-error.ts'
import type { RegisterSlave } from '../../lib/link/handshake/shapes.ts'
import type { Static } from '@sinclair/typebox'
import type { Link } from '../../lib/link/link.ts'
import { instanceStateChanged } from '../../lib/link/messages/instances.ts'
import { GivenName } from '../../lib/link/messages/shapes.ts'
import type { SlaveInfo } from '../../lib/link/messages/slaves.ts'
import { fits } from '../../lib/link/validate.ts'
import { retryOnConflict } from '../../lib/store/retry-on-conflict.ts'
import { deleteFrom, putIn } from '../../lib/store/store.ts'
import type { Collection, Store, Write } from '../../lib/store/store.ts'
import type { TokenPrincipal } from '../../lib/plugin/cluster-view.ts'
import type { Caller } from './access.ts'
import { IdSequence } from './ids.ts'
import type { TokenService } from './tokens.ts'

export interface SlaveRecord {
  readonly id: number
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  /** What it said of itself when it last registered. */
  readonly agent: string | null
  readonly version: string | null
  readonly address: string | null
  readonly last_seen: string | null
  /** Names the data directory that its instances are in; unknown before it has connected, and once another is accepted. */
  readonly data_directory_id?: string | null
}

type Registration = Static<typeof RegisterSlave>

const newSlave = { labels: {}, agent: null, version: null, address: null, last_seen: null }
const evictionReason = 'Registered from another connection'

/** The cluster's slaves: who they are, and the link to each that is connected. */
export class SlaveService {
  readonly #store: Store
  readonly #slaves: Collection<SlaveRecord>
  readonly #ids: IdSequence
  readonly #tokens: TokenService
  readonly #links = new Map<number, Link>()
  readonly #draining = new Set<number>()
  /** Names that are being given out, so that two joins at once can't get the same. */
  readonly #claimedNames = new Set<string>()

  constructor(store: Store, tokens: TokenService) {
    this.#store = store
    this.#tokens = tokens
    this.#slaves = store.collection<SlaveRecord>('slaves')
    this.#ids = new IdSequence(store, 'slave', (id) => this.get(id) !== undefined)
  }

  get(slaveId: number): SlaveRecord | undefined {
    return this.#slaves.get(String(slaveId))?.value
  }

  /** Throws `not_found`. */
  require(slaveId: number): SlaveRecord {
    const slave = this.get(slaveId)
    if (!slave) throw new ClusterError('not_found', `Slave with ID ${slaveId} does not exist`)
    return slave
  }

  list(): SlaveRecord[] {
    return this.#slaves.list().map(({ value }) => value).sort((a, b) => a.id - b.id)
  }

  watch(listener: (slaveId: number) => void): void {
    this.#slaves.watch(({ id }) => listener(Number(id)))
  }

  /** Makes a slave with a join token's last permission. Throws `name_in_use`, `unauthenticated`. */
  async join(caller: Caller, name: string, labels: Record<string, string>): Promise<{ id: number; name: string; token: string }> {
    const namesake = this.list().find((slave) => slave.name === name)
    if (namesake || this.#claimedNames.has(name)) {
      const wayBack = namesake ? `; if this host is that slave and has lost its token, \`ctl slave create-token ${namesake.id}\` makes another, for \`slave config set token TOKEN\`` : ''
      throw new ClusterError('name_in_use', `There is a slave "${name}" already; choose another name, or remove that one with \`ctl slave remove ${name}\`${wayBack}`)
    }
    return this.#claiming(name, async () => {
      const { id, write } = this.#ids.take()
      const { token, writes } = this.#tokens.prepare({ name: `slave ${name}`, role: 'slave', slaveId: id })
      const record: SlaveRecord = { ...newSlave, id, name, labels }
      await retryOnConflict(() => this.#store.batch([this.#tokens.takeUse(caller), write, ...writes, putIn(this.#slaves, String(id), record)]))
      return { id, name, token }
    })
  }

  /**
   * Makes a slave of the id that it brings. With `token` it comes from now on, for which the caller's join token gives one of its
   * uses; without, with the caller's own. Throws `unauthenticated` when none is left, and `conflict` when another took one at the same moment.
   */
  async admit({ id, name }: Registration, caller: TokenPrincipal, token: string | undefined): Promise<TokenPrincipal> {
    const own = fits(GivenName, name) && !this.#claimedNames.has(name) && !this.#isNameTaken(name) ? name : `slave-${id}`
    return this.#claiming(own, async () => {
      const made = token === undefined ? undefined : this.#tokens.prepare({ token, name: `slave ${own}`, role: 'slave', slaveId: id })
      const record: SlaveRecord = { ...newSlave, id, name: own }
      await this.#store.batch([
        ...(made ? [this.#tokens.takeUse(caller), ...made.writes] : []), ...this.#ids.skip(id),
        putIn(this.#slaves, String(id), record, { expectedRevision: 0 }),
      ])
      return made ? { tokenId: made.record.id } : caller
    })
  }

  async #claiming<T>(name: string, work: () => Promise<T>): Promise<T> {
    this.#claimedNames.add(name)
    try {
      return await work()
    } finally {
      this.#claimedNames.delete(name)
    }
  }

  /**
   * A token for a slave with an id of its own choice, which is made if it is not there. Tokens that it had are revoked.
   * Throws `name_in_use`.
   */
  async createToken(id: number, wanted: string | undefined): Promise<{ id: number; name: string; token: string }> {
    const found = this.#slaves.get(String(id))
    const name = wanted ?? found?.value.name ?? `slave-${id}`
    if (this.#isNameTaken(name, id)) throw new ClusterError('name_in_use', `There is a slave "${name}" already; choose another name`)
    const { token, writes } = this.#tokens.prepare({ name: `slave ${name}`, role: 'slave', slaveId: id })
    const record = found ? { ...found.value, name } : { ...newSlave, id, name }
    await this.#store.batch([
      ...this.#tokens.revocationsOf(id), ...this.#ids.skip(id), ...writes,
      putIn(this.#slaves, String(id), record, { expectedRevision: found?.revision ?? 0 }),
    ])
    return { id, name, token }
  }

  /** Forgets a slave, revokes its token and ends its link; `also` are writes that belong to the same change. */
  async remove(slaveId: number, also: Write[]): Promise<void> {
    this.require(slaveId)
    await this.#store.batch([deleteFrom(this.#slaves, String(slaveId)), ...this.#tokens.revocationsOf(slaveId), ...also])
    this.#links.get(slaveId)?.close('The slave was removed from the cluster')
    this.#links.delete(slaveId)
  }

  /** The link to a slave, or undefined while it is not connected. */
  link(slaveId: number): Link | undefined {
    const link = this.#links.get(slaveId)
    return link?.isConnected ? link : undefined
  }

  /** Whether a slave is connected that tells the states of its instances, as Corral's own do; others run games by rules of theirs. */
  tellsStates(slaveId: number): boolean {
    return this.link(slaveId)?.channel.carries(instanceStateChanged) === true
  }

  get connectedCount(): number {
    return [...this.#links.values()].filter(({ isConnected }) => isConnected).length
  }

  /** Whether a slave that comes with this data directory is the one that has its instances. Slaves of other makes name none. */
  recognises(slaveId: number, dataDirectoryId: string | undefined): boolean {
    if (dataDirectoryId === undefined) return true
    const known = this.get(slaveId)?.data_directory_id ?? null
    return known === null || known === dataDirectoryId
  }

  /** From now on the slave may come with another data directory. Throws `not_found`. */
  async acceptDataDirectory(slaveId: number): Promise<void> {
    this.require(slaveId)
    await this.#update(slaveId, { data_directory_id: null })
  }

  /** Takes a slave's new link; one that it had before is closed (seed 001; `protocols/link.md`, Faults). */
  async connected(link: Link, { id, name, agent, version }: Registration, dataDirectoryId?: string): Promise<void> {
    this.#links.get(id)?.close(evictionReason)
    this.#links.set(id, link)
    await this.#update(id, {
      agent, version,
      ...(fits(GivenName, name) && !this.#isNameTaken(name, id) ? { name } : {}),
      address: link.channel.address,
      last_seen: new Date().toISOString(),
      ...(dataDirectoryId === undefined ? {} : { data_directory_id: dataDirectoryId }),
    })
  }

  /** Whether this is the slave's link. */
  has(slaveId: number, link: Link): boolean {
    return this.#links.get(slaveId) === link
  }

  /** Forgets a link that has ended; false when the slave has another by now. */
  gone(slaveId: number, link: Link): boolean {
    if (this.#links.get(slaveId) !== link) return false
    this.#links.delete(slaveId)
    return true
  }

  /** Notes when a slave was last there. */
  async seen(slaveId: number): Promise<void> {
    await this.#update(slaveId, { last_seen: new Date().toISOString() })
  }

  setDraining(slaveId: number, isDraining: boolean): void {
    if (isDraining) this.#draining.add(slaveId)
    else this.#draining.delete(slaveId)
  }

  isDraining(slaveId: number): boolean {
    return this.#draining.has(slaveId)
  }

  info(record: SlaveRecord, instances: number): SlaveInfo {
    const isConnected = this.link(record.id) !== undefined
    return {
      id: record.id,
      name: record.name,
      agent: record.agent,
      version: record.version,
      connected: isConnected,
      last_seen: isConnected ? new Date().toISOString() : record.last_seen,
      address: record.address,
      instances,
      labels: { ...record.labels },
      draining: this.isDraining(record.id),
    }
  }

  #isNameTaken(name: string, exceptId?: number): boolean {
    return this.#slaves.list().some(({ value }) => value.name === name && value.id !== exceptId)
  }

  async #update(slaveId: number, change: Partial<SlaveRecord>): Promise<void> {
    await retryOnConflict(async () => {
      const found = this.#slaves.get(String(slaveId))
      if (found) await this.#slaves.put(found.id, { ...found.value, ...change }, { expectedRevision: found.revision })
    })
  }
}
