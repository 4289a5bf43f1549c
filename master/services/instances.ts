import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { foreignTemplate } from '../../lib/link/messages/config-groups.ts'
import type { Assignment, InstanceInfo, InstanceState } from '../../lib/link/messages/instances.ts'
import { keyInUse } from '../../lib/link/outcomes.ts'
import { retryOnConflict } from '../../lib/store/retry-on-conflict.ts'
import { putIn } from '../../lib/store/store.ts'
import type { Collection, Store, Write } from '../../lib/store/store.ts'
import { Arrivals } from './arrivals.ts'
import { Creations } from './creations.ts'
import { Deletions } from './deletions.ts'
import { IdSequence } from './ids.ts'
import { InstanceIndex } from './instance-index.ts'
import type { InstanceRecord, Origin } from './instance-record.ts'
import { InstanceStates } from './instance-states.ts'
import type { SlaveService } from './slaves.ts'
import { Turns } from './turns.ts'

/** Without an id it gets the next. */
type NewInstance = Omit<InstanceRecord, 'id' | 'desired'> & { readonly id?: number | undefined }

/** The cluster's instances: their configuration, which the master owns, and their state, which their slaves tell. */
export class InstanceService {
  /** Instances that are being put on record. */
  readonly creations = new Creations()
  readonly deletions: Deletions
  readonly #store: Store
  readonly #instances: Collection<InstanceRecord>
  readonly #ids: IdSequence
  readonly #index: InstanceIndex
  readonly #slaves: SlaveService
  readonly #states: InstanceStates
  readonly #claimedNames = new Set<string>()
  readonly #arrivals = new Arrivals()
  readonly #turns = new Turns()
  readonly #leaving = new Set<number>()
  readonly #listeners = new Set<(instanceId: number) => void>()

  constructor(store: Store, slaves: SlaveService) {
    this.#store = store
    this.#slaves = slaves
    this.#instances = store.collection<InstanceRecord>('instances')
    this.deletions = new Deletions({ store, slaves, instances: this.#instances })
    this.#index = new InstanceIndex(this.#instances)
    this.#states = new InstanceStates(this.#instances)
    this.#ids = new IdSequence(store, 'instance', (id) => this.get(id) !== undefined || this.deletions.isRemembered(id))
    this.#instances.watch(({ id, value }) => {
      if (!value) this.#states.forget(Number(id))
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
    return this.#find(this.#index.named(name)[0])
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
    return this.#index.ofSlave(slaveId).flatMap((id) => this.get(id) ?? [])
  }

  /** How many instances a slave has. */
  countOf(slaveId: number): number {
    return this.#index.countOf(slaveId)
  }

  /** The same, with those that are being given to it. */
  loadOf(slaveId: number): number {
    return this.countOf(slaveId) + this.#arrivals.count(slaveId)
  }

  /** The state that its slave last told; `unknown` while the slave is away. */
  state(record: InstanceRecord): InstanceState {
    return this.#states.shown(record, record.slave_id !== null && this.#slaves.link(record.slave_id) !== undefined)
  }

  info(record: InstanceRecord): InstanceInfo {
    const { id, name, template, slave_id: slaveId } = record
    return { id, name, template, slave: slaveId === null ? null : (this.#slaves.get(slaveId)?.name ?? null), slave_id: slaveId, ...this.state(record) }
  }

  /** The instance that a request with this idempotency key has made. Throws `conflict` when that was another request. */
  madeBy({ key, request }: Origin): InstanceRecord | undefined {
    const made = this.#find(this.#index.madeWith(key))
    if (made && made.created_with?.request !== request) throw keyInUse()
    return made
  }

  /**
   * Puts a new instance on record and then settles it, with all else that is asked of it waiting for its turn. Throws
   * `name_in_use`, `not_found` without its slave, `wrong_state` while that is removed, `conflict` when its id is in use, and
   * what `settle` throws.
   */
  async create(fields: NewInstance, settle: (record: InstanceRecord) => Promise<void> = async () => {}): Promise<InstanceRecord> {
    const { id, write } = fields.id === undefined ? this.#ids.take() : { id: fields.id, write: undefined }
    const record: InstanceRecord = { ...fields, id, desired: 'stopped' }
    const recorded = this.creations.begin(id)
    return this.inTurn(id, async () => {
      try {
        if (write === undefined) this.#expectFree(id)
        await this.#putNew(record, write === undefined ? this.#ids.skip(id) : [write])
      } finally {
        recorded()
      }
      await settle(record)
      return record
    })
  }

  #putNew(record: InstanceRecord, writes: Write[]): Promise<unknown> {
    return this.#withName(record, () => this.#putAt(record.slave_id, () => this.#store.batch([
      ...writes, ...this.deletions.forgetting(record.id), putIn(this.#instances, String(record.id), record, { expectedRevision: 0 }),
    ])))
  }

  #expectFree(id: number): void {
    if (this.get(id)) throw new ClusterError('conflict', `Instance with ID ${id} already exists`)
    if (this.deletions.isPending(id)) throw new ClusterError('conflict', `Instance with ID ${id} was deleted, but its slave is still to be told; take another id`)
  }

  /** Changes an instance's configuration. Throws `not_found`, `name_in_use`, `wrong_state` while its new slave is removed, and what `change` throws. */
  configure(instanceId: number, change: (record: InstanceRecord) => InstanceRecord): Promise<InstanceRecord> {
    return retryOnConflict(async () => {
      const before = this.require(instanceId)
      const revision = this.#instances.get(String(instanceId))?.revision ?? 0
      const after = change(before)
      const put = async (): Promise<InstanceRecord> => {
        await this.#instances.put(String(instanceId), after, { expectedRevision: revision })
        return after
      }
      const putThere = after.slave_id === before.slave_id ? put : () => this.#putAt(after.slave_id, put)
      return after.name === before.name && after.template === before.template ? putThere() : this.#withName(after, putThere)
    })
  }

  /** Runs what changes an instance and tells its slave, one after the other: each finds what the one before has left. Throws what it throws. */
  inTurn<T>(instanceId: number, work: () => Promise<T>): Promise<T> {
    return this.#turns.take(instanceId, work)
  }

  /** Takes over an instance that a slave brought and the master does not know. */
  async adopt(assignment: Assignment, slaveId: number, desired: InstanceState['desired']): Promise<void> {
    const { template: given, ...config } = assignment
    const template = typeof given === 'string' ? given : given.id
    if (template !== foreignTemplate && this.byName(config.name)) {
      throw new ClusterError('name_in_use', `Slave ${slaveId} brings an instance "${config.name}" (id ${config.id}), but the name is in use; rename one of them`)
    }
    const record: InstanceRecord = { ...config, template, slave_id: slaveId, desired, created_with: null }
    await this.#putAt(slaveId, () => this.#store.batch([...this.#ids.skip(config.id), ...this.deletions.forgetting(config.id), putIn(this.#instances, String(config.id), record, { expectedRevision: 0 })]))
  }

  /** Runs the removal of a slave: none of its instances escapes it. Throws `wrong_state` when it is under way already, and what `remove` throws. */
  withoutArrivals<T>(slaveId: number, remove: () => Promise<T>): Promise<T> {
    return this.#arrivals.leave(slaveId, remove)
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

  /** A slave has told which instances it has: of its others nothing is known any more. */
  forgetStates(slaveId: number, brought: ReadonlySet<number>): void {
    for (const { id } of this.assignedTo(slaveId)) if (!brought.has(id) && this.#states.told(id)) this.forgetState(id)
  }

  /** Nothing is known any more of the state of one. */
  forgetState(instanceId: number): void {
    this.#states.forget(instanceId)
    this.#changed(instanceId)
  }

  /** The state that was last told, one and the same object until another is told. */
  toldState(instanceId: number): InstanceState | undefined {
    return this.#states.told(instanceId)
  }

  /** Takes a state that the slave of an instance tells. Resolves when what it wants is on record. */
  async setState(instanceId: number, state: InstanceState): Promise<void> {
    if (!this.#instances.get(String(instanceId))) return
    this.#states.set(instanceId, state)
    this.#changed(instanceId)
    await this.#states.record(instanceId)
  }

  /** The slave came or went: what is known of its instances has changed. */
  slaveChanged(slaveId: number): void {
    for (const { id } of this.assignedTo(slaveId)) this.#changed(id)
  }

  #putAt<T>(slaveId: number | null, put: () => Promise<T>): Promise<T> {
    return this.#arrivals.arrive(slaveId, async () => {
      if (slaveId !== null) this.#slaves.require(slaveId)
      return put()
    })
  }

  /** Corral's own instances have names of their own; what other programs call theirs is their affair. */
  async #withName<T>({ id, name, template }: Pick<NewInstance, 'id' | 'name' | 'template'>, use: () => Promise<T>): Promise<T> {
    if (template === foreignTemplate) return use()
    if (this.#claimedNames.has(name) || this.#index.named(name).some((other) => other !== id)) {
      throw new ClusterError('name_in_use', `There is an instance "${name}" already; choose another name`)
    }
    this.#claimedNames.add(name)
    try {
      return await use()
    } finally {
      this.#claimedNames.delete(name)
    }
  }

  #find(instanceId: number | undefined): InstanceRecord | undefined {
    return instanceId === undefined ? undefined : this.get(instanceId)
  }

  #changed(instanceId: number): void {
    for (const listener of this.#listeners) listener(instanceId)
  }
}
