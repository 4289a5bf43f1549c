import { ClusterError } from '../../lib/errors/cluster-error.ts'
import type { Assignment, InstanceConfig, InstanceInfo, InstanceState } from '../../lib/link/messages/instances.ts'
import { deleteFrom, putIn } from '../../lib/store/store.ts'
import type { Collection, Store, Write } from '../../lib/store/store.ts'
import { IdSequence } from './ids.ts'
import type { SlaveService } from './slaves.ts'

export interface InstanceRecord extends InstanceConfig {
  /** Desired state as its slave last told. */
  readonly desired: InstanceState['desired']
  /** Idempotency key of the request that made it. */
  readonly created_with: string | null
}

/** An instance that was deleted while its slave was away, which the slave has yet to be told. */
interface Tombstone { readonly slave_id: number }

type NewInstance = Omit<InstanceRecord, 'id' | 'desired'>

const unknownState: InstanceState = {
  desired: 'stopped', status: 'unknown', run: null, pid: null, ports: {}, started_at: null, players: [], last_exit: null, problem: null,
}

/** The cluster's instances: their configuration, which the master owns, and their state, which their slaves tell. */
export class InstanceService {
  readonly #store: Store
  readonly #instances: Collection<InstanceRecord>
  readonly #tombstones: Collection<Tombstone>
  readonly #ids: IdSequence
  readonly #slaves: SlaveService
  readonly #states = new Map<number, InstanceState>()
  readonly #claimedNames = new Set<string>()
  /** Creations that are not durable yet, by their idempotency key. */
  readonly #creating = new Map<string, Promise<InstanceRecord>>()
  readonly #leaving = new Set<number>()
  readonly #listeners = new Set<(instanceId: number) => void>()

  constructor(store: Store, slaves: SlaveService) {
    this.#store = store
    this.#slaves = slaves
    this.#instances = store.collection<InstanceRecord>('instances')
    this.#tombstones = store.collection<Tombstone>('deleted_instances')
    this.#ids = new IdSequence(store, 'instance')
    this.#instances.watch(({ id, value }) => {
      if (!value) this.#states.delete(Number(id))
      this.#changed(Number(id))
    })
  }

  /** Calls the listener when the configuration or state of an instance changed, or it was deleted. */
  onChange(listener: (instanceId: number) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  get(instanceId: number): InstanceRecord | undefined {
    return this.#instances.get(String(instanceId))?.value
  }

  byName(name: string): InstanceRecord | undefined {
    return this.#instances.list().find(({ value }) => value.name === name)?.value
  }

  /** Throws `not_found`, word for word as `protocols/link.md` has it. */
  require(instanceId: number): InstanceRecord {
    const record = this.get(instanceId)
    if (!record) throw new ClusterError('not_found', `Instance with ID ${instanceId} does not exist`)
    return record
  }

  list(): InstanceRecord[] {
    return this.#instances.list().map(({ value }) => value).sort((a, b) => a.id - b.id)
  }

  assignedTo(slaveId: number): InstanceRecord[] {
    return this.list().filter((record) => record.slave_id === slaveId)
  }

  /** Number of instances by slave. */
  countBySlave(): Map<number, number> {
    const counts = new Map<number, number>()
    for (const { value: { slave_id: slaveId } } of this.#instances.list()) {
      if (slaveId !== null) counts.set(slaveId, (counts.get(slaveId) ?? 0) + 1)
    }
    return counts
  }

  /** The state that its slave last told; `unknown` while the slave is away. */
  state(record: InstanceRecord): InstanceState {
    const state = this.#states.get(record.id)
    const isThere = record.slave_id !== null && this.#slaves.link(record.slave_id) !== undefined
    if (state && isThere) return state
    return { ...unknownState, ports: state?.ports ?? record.ports, desired: record.desired }
  }

  info(record: InstanceRecord): InstanceInfo {
    const { id, name, template, slave_id: slaveId } = record
    return { id, name, template, slave: slaveId === null ? null : (this.#slaves.get(slaveId)?.name ?? null), ...this.state(record) }
  }

  /** Puts a new instance on record. Throws `name_in_use`. The same key a second time gives the instance of the first. */
  async create(fields: NewInstance): Promise<InstanceRecord> {
    const { created_with: key } = fields
    if (key === null) return this.#create(fields)
    const earlier = this.#creating.get(key) ?? this.list().find((record) => record.created_with === key)
    if (earlier) return earlier
    const creation = this.#create(fields).finally(() => this.#creating.delete(key))
    this.#creating.set(key, creation)
    return creation
  }

  #create(fields: NewInstance): Promise<InstanceRecord> {
    return this.#withName(fields.name, async () => {
      const { id, write } = this.#ids.take()
      const record: InstanceRecord = { ...fields, id, desired: 'stopped' }
      await this.#store.batch([write, putIn(this.#instances, String(id), record)])
      return record
    })
  }

  /** Changes an instance's configuration. Throws `not_found`, `name_in_use`, or `conflict` when somebody else was faster. */
  async configure(instanceId: number, change: (record: InstanceRecord) => InstanceRecord): Promise<InstanceRecord> {
    const before = this.require(instanceId)
    const after = change(before)
    const put = async (): Promise<InstanceRecord> => {
      const revision = this.#instances.get(String(instanceId))?.revision ?? 0
      await this.#instances.put(String(instanceId), after, { expectedRevision: revision })
      return after
    }
    return after.name === before.name ? put() : this.#withName(after.name, put)
  }

  /** Takes over an instance that a slave brought and the master does not know. */
  async adopt(assignment: Assignment, slaveId: number, desired: InstanceState['desired']): Promise<void> {
    const { template, ...config } = assignment
    if (this.byName(config.name)) {
      throw new ClusterError('name_in_use', `Slave ${slaveId} brings an instance "${config.name}" (id ${config.id}), but the name is in use; rename one of them`)
    }
    const record: InstanceRecord = { ...config, template: template.id, slave_id: slaveId, desired, created_with: null }
    await this.#store.batch([...this.#ids.skip(config.id), putIn(this.#instances, String(config.id), record, { expectedRevision: 0 })])
  }

  /** Whether an instance is about to be deleted: its slave must not be given it again. */
  isLeaving(instanceId: number): boolean {
    return this.#leaving.has(instanceId)
  }

  /** Runs the deletion of an instance. Throws what it throws. */
  async leaving<T>(instanceId: number, remove: () => Promise<T>): Promise<T> {
    this.#leaving.add(instanceId)
    try {
      return await remove()
    } finally {
      this.#leaving.delete(instanceId)
    }
  }

  /** Forgets an instance; with `isPending` its slave is told when it comes back. */
  async delete(record: InstanceRecord, isPending: boolean): Promise<void> {
    const id = String(record.id)
    const hasIntent = this.isDeleted(record.id)
    await this.#store.batch([
      deleteFrom(this.#instances, id),
      ...(isPending ? this.#bury(record) : hasIntent ? [deleteFrom(this.#tombstones, id)] : []),
    ])
  }

  /** Puts on record that an instance is to be deleted, before its slave is told: whatever happens then, it is finished later. */
  async intendDeletion(record: InstanceRecord): Promise<void> {
    await this.#store.batch(this.#bury(record))
  }

  /** The writes that delete all instances of a slave that is removed. */
  deletionsOf(slaveId: number): Write[] {
    return this.assignedTo(slaveId).map(({ id }) => deleteFrom(this.#instances, String(id)))
  }

  isDeleted(instanceId: number): boolean {
    return this.#tombstones.get(String(instanceId)) !== undefined
  }

  /** The slave has deleted it too, or has refused to. */
  async forgetDeleted(instanceId: number): Promise<void> {
    await this.#tombstones.delete(String(instanceId))
  }

  /** A slave has told which instances it has: of its others nothing is known any more. */
  forgetStates(slaveId: number, brought: ReadonlySet<number>): void {
    for (const { id } of this.assignedTo(slaveId)) if (!brought.has(id)) this.#states.delete(id)
  }

  /** Takes a state that the slave of an instance tells. */
  async setState(instanceId: number, state: InstanceState): Promise<void> {
    const found = this.#instances.get(String(instanceId))
    if (!found) return
    this.#states.set(instanceId, state)
    this.#changed(instanceId)
    if (found.value.desired === state.desired) return
    try {
      await this.#instances.put(found.id, { ...found.value, desired: state.desired }, { expectedRevision: found.revision })
    } catch (error) {
      // The slave owns the desired state and tells it again; a change of configuration goes first.
      if (ClusterError.from(error).code !== 'conflict') throw error
    }
  }

  /** The slave came or went: what is known of its instances has changed. */
  slaveChanged(slaveId: number): void {
    for (const { id } of this.assignedTo(slaveId)) this.#changed(id)
  }

  #bury({ id, slave_id: slaveId }: InstanceRecord): Write[] {
    return slaveId === null ? [] : [putIn(this.#tombstones, String(id), { slave_id: slaveId })]
  }

  async #withName<T>(name: string, use: () => Promise<T>): Promise<T> {
    if (this.#claimedNames.has(name) || this.byName(name)) {
      throw new ClusterError('name_in_use', `There is an instance "${name}" already; choose another name`)
    }
    this.#claimedNames.add(name)
    try {
      return await use()
    } finally {
      this.#claimedNames.delete(name)
    }
  }

  #changed(instanceId: number): void {
    for (const listener of this.#listeners) listener(instanceId)
  }
}
