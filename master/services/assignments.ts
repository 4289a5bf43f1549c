import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import type { Link } from '../../lib/link/link.ts'
import { assignInstance, deleteInstance } from '../../lib/link/messages/instances.ts'
import type { Assignment, InstanceState } from '../../lib/link/messages/instances.ts'
import type { Logger } from '../../lib/log/logger.ts'
import { heldAlsoBy, isReplaced, isWhatItHeld } from './holders.ts'
import type { Holder, Place } from './holders.ts'
import type { InstanceRecord } from './instance-record.ts'
import type { InstanceService } from './instances.ts'
import type { SlaveService } from './slaves.ts'
import type { TemplateService } from './templates.ts'

/** Slaves of other makes tell no states. */
interface Brought { readonly instance: Assignment; readonly state?: InstanceState }

type Named = Pick<InstanceRecord, 'id' | 'name'>

interface Parts {
  readonly instances: InstanceService
  readonly slaves: SlaveService
  readonly templates: TemplateService
  readonly log: Logger
}

/** How long a slave may take for one assignment. */
const assignDeadlineMs = 10_000
/** Assignments go out one after the other; one that is not answered for this long holds up the next no more. */
const patienceMs = 1_000

/** Brings what a slave has and what the master wants it to have together. */
export class Assignments {
  readonly #parts: Parts
  /** Instances that slaves have brought and that are not taken in yet, with the states that were last told of them. */
  readonly #coming = new Map<number, Map<number, InstanceState | undefined>>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** What a slave needs to run an instance; of a template that is not known here, the id alone. */
  of(record: InstanceRecord): Assignment {
    const { desired: _desired, created_with: _key, former_slaves: _former, ...config } = record
    return { ...config, template: this.#parts.templates.find(record) ?? record.template }
  }

  /** Gives a slave one instance, or its new configuration. */
  async push(link: Link, record: InstanceRecord): Promise<void> {
    const { instances } = this.#parts
    const before = instances.toldState(record.id)
    const { state } = await link.send(assignInstance, { instance: this.of(record) }, { deadlineMs: assignDeadlineMs })
    // Every change is told as well: what has been told meanwhile is later, or followed by what is.
    if (state && instances.toldState(record.id) === before) await instances.setState(record.id, state)
  }

  /** The same where its slave is connected; one that is away gets it when it connects. */
  async pushIfThere(record: InstanceRecord): Promise<void> {
    const link = record.slave_id === null ? undefined : this.#parts.slaves.link(record.slave_id)
    if (link) await this.push(link, record)
  }

  /** Whether a slave has brought an instance that is not taken in yet. */
  isComing(slaveId: number, instanceId: number): boolean {
    return this.#coming.get(slaveId)?.has(instanceId) === true && this.#parts.instances.get(instanceId)?.slave_id !== slaveId
  }

  /** A slave has told the state of an instance. */
  async stateTold(slaveId: number, instanceId: number, state: InstanceState): Promise<void> {
    const { instances } = this.#parts
    if (instances.get(instanceId)?.slave_id === slaveId) return instances.setState(instanceId, state)
    const brought = this.#coming.get(slaveId)
    if (brought?.has(instanceId)) brought.set(instanceId, state)
  }

  /** Has a slave delete an instance. One that does not know it has deleted it already. */
  async deleteThere(link: Link, instanceId: number): Promise<void> {
    try {
      await link.send(deleteInstance, { instance_id: instanceId }, { deadlineMs: deleteInstance.deadlineMs })
    } catch (error) {
      if (ClusterError.from(error).code !== 'not_found') throw error
    }
  }

  /**
   * Has all slaves that still hold an instance which was deleted delete it as far as they are there; the others are told
   * when they come. Waits for each no longer than it may hold up the next.
   */
  async deleteElsewhere({ id, name }: Named): Promise<void> {
    const { instances, slaves } = this.#parts
    const { deletions } = instances
    await Promise.all(deletions.pending(id).map(async (holder) => {
      const [slave, link] = [slaves.get(holder.slave_id), slaves.link(holder.slave_id)]
      if (!slave || !link || isReplaced(holder, slave)) return
      await this.#oneByOne(this.#guard(name, () => this.#deleteCopy(link, holder, { id, name }, () => deletions.doneAt(id, holder))))
    }))
  }

  /**
   * A slave has connected and told what it has: instances that the master does not know are adopted, deleted ones
   * are deleted there too, those that it had before another slave got them stay as they are, and those whose configuration
   * differs, or of which no state is told, get the master's.
   * `taken` is called for each that is taken in, or is not to be.
   */
  async reconcile(link: Link, place: Place, brought: readonly Brought[], taken: (instanceId: number) => void = () => {}): Promise<void> {
    const { instances } = this.#parts
    const { slave_id: slaveId } = place
    const has = new Map(brought.map((item) => [item.instance.id, item]))
    const isOwned = ({ instance: { id } }: Brought): boolean => instances.get(id)?.slave_id === slaveId
    const [owned, others] = [brought.filter(isOwned), brought.filter((item) => !isOwned(item))]
    const coming = new Map(others.map(({ instance: { id }, state }) => [id, state]))
    this.#coming.set(slaveId, coming)
    instances.forgetStates(slaveId, new Set(brought.filter(({ state }) => state).map(({ instance: { id } }) => id)))
    // All at once: from the moment a slave is there, what is shown of its instances is what it told.
    await Promise.all(owned.map(({ instance, state }) => this.#guard(instance.name, async () => {
      if (state) await instances.setState(instance.id, state)
    })))
    const known = new Set(brought.map(({ instance: { id } }) => id).filter((id) => instances.get(id)))
    const takes: Array<Promise<void>> = []
    for (const item of brought) {
      const { id, name } = item.instance
      const take = this.#guard(name, () => instances.inTurn(id, () => this.#take(link, place, item, coming))).then(() => taken(id))
      takes.push(take)
      await this.#oneByOne(take)
    }
    void Promise.all(takes).then(() => {
      if (this.#coming.get(slaveId) === coming) this.#coming.delete(slaveId)
    })
    if (this.#parts.slaves.has(slaveId, link)) await instances.deletions.doneWithout(slaveId, new Set(has.keys()))
    for (const { id, name } of instances.assignedTo(slaveId)) {
      await this.#oneByOne(this.#guard(name, () => instances.inTurn(id, async () => {
        const [record, item] = [instances.get(id), has.get(id)]
        if (record?.slave_id !== slaveId || !this.#parts.slaves.has(slaveId, link)) return
        if (instances.deletions.isPending(id)) {
          if (!item) await this.#finish(record, place)
        } else if (this.#isToBeTold(record, item, known.has(id))) {
          await this.push(link, record)
        }
      })))
    }
  }

  /** Who tells states also keeps what it was given; others are given all but what was adopted from them just now. */
  #isToBeTold(record: InstanceRecord, brought: Brought | undefined, wasKnown: boolean): boolean {
    if (brought && !brought.state) return wasKnown
    return !isDeepStrictEqual(brought?.instance, this.of(record))
  }

  async #take(link: Link, place: Place, { instance, state }: Brought, coming: ReadonlyMap<number, InstanceState | undefined>): Promise<void> {
    const { instances, slaves } = this.#parts
    const { slave_id: slaveId } = place
    if (!slaves.has(slaveId, link)) return
    const record = instances.get(instance.id)
    // One that was the slave's when it came, and is not there any more, was deleted meanwhile, there too.
    if (!record && !coming.has(instance.id)) return
    if (instances.deletions.isToGo(instance.id, place, instance.name)) {
      const note = (): Promise<void> => (record ? this.#finish(record, place) : instances.deletions.doneAt(instance.id, place))
      return this.#deleteCopy(link, place, instance, note)
    }
    if (instances.deletions.isPending(instance.id)) {
      throw new ClusterError('conflict', `Slave ${slaveId} has an instance ${instance.id}; one with this id is to be deleted from another slave, so it is left alone here`)
    }
    if (record?.slave_id === slaveId) return
    if (record && record.slave_id !== null) {
      // Whoever assigned it elsewhere was told that its data stays here.
      const former = record.former_slaves?.find((holder) => isWhatItHeld(holder, place, instance.name))
      if (former) return this.#expectAgain(former, place, instance)
      throw new ClusterError('conflict', `Slave ${slaveId} has the instance ${instance.id}, which is assigned to slave ${record.slave_id}; it is left alone there`)
    }
    const before = instances.toldState(instance.id)
    // One without a slave is where its data is.
    if (record) await instances.configure(record.id, (current) => ({ ...current, slave_id: slaveId }))
    else await instances.adopt(instance, slaveId, state?.desired ?? 'stopped')
    const told = coming.get(instance.id)
    if (told && instances.toldState(instance.id) === before) await instances.setState(instance.id, told)
  }

  /** Whoever was removed and has joined anew holds the instance again, as the slave that it is now. */
  async #expectAgain(former: Holder, place: Place, { id, name }: Named): Promise<void> {
    if (former.slave_id === place.slave_id && former.done_at === undefined) return
    await this.#parts.instances.configure(id, (current) => ({ ...current, former_slaves: heldAlsoBy(current.former_slaves ?? [], place, name) }))
  }

  async #deleteCopy(link: Link, place: Place, { id, name }: Named, note: () => Promise<void>): Promise<void> {
    const { slaves, log } = this.#parts
    await this.deleteThere(link, id)
    await note()
    log.info(`The instance ${name} (${id}), which was deleted, is deleted from slave ${slaves.get(place.slave_id)?.name ?? place.slave_id} as well`)
  }

  /** Finishes the deletion of an instance that is still on record, and that the slave does not have any more. */
  async #finish(record: InstanceRecord, place: Place): Promise<void> {
    await this.#parts.instances.deletions.finish(record, place)
    await this.deleteElsewhere(record)
  }

  /** Resolves when the work is done, or has taken so long that the next should not wait for it. */
  async #oneByOne(work: Promise<void>): Promise<void> {
    const patience = new AbortController()
    await Promise.race([work, delay(patienceMs, undefined, { signal: patience.signal }).catch(() => {})])
    patience.abort()
  }

  async #guard(name: string, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      const { code, message } = ClusterError.from(error)
      this.#parts.log.warn(`The instance ${name} could not be brought in line with its slave: ${message}`, { code })
    }
  }
}
