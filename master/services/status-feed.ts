import { eventMessage } from '../../lib/link/link.ts'
import type { Link } from '../../lib/link/link.ts'
import { instanceChanged } from '../../lib/link/messages/instances.ts'
import { slaveChanged } from '../../lib/link/messages/slaves.ts'
import type { InstanceService } from './instances.ts'
import type { SlaveService } from './slaves.ts'

interface Parts {
  readonly instances: InstanceService
  readonly slaves: SlaveService
}

/** Tells the controls that asked for it of every change of slaves and instances, deletions included. */
export class StatusFeed {
  readonly #parts: Parts
  readonly #subscribers = new Set<Link>()
  readonly #changedInstances = new Set<number>()
  readonly #changedSlaves = new Set<number>()
  #isScheduled = false

  constructor(parts: Parts) {
    this.#parts = parts
    parts.instances.onChange((id) => this.#note(this.#changedInstances, id))
    parts.slaves.watch((id) => this.slaveChanged(id))
  }

  /** Sends all that is there, then every change. */
  subscribe(link: Link): void {
    this.#subscribers.add(link)
    for (const { id } of this.#parts.slaves.list()) this.#sendSlave([link], id)
    for (const { id } of this.#parts.instances.list()) this.#sendInstance([link], id)
  }

  unsubscribe(link: Link): void {
    this.#subscribers.delete(link)
  }

  slaveChanged(slaveId: number): void {
    this.#note(this.#changedSlaves, slaveId)
  }

  // Changes of one turn are told once, as they are at its end.
  #note(changed: Set<number>, id: number): void {
    if (this.#subscribers.size === 0) return
    changed.add(id)
    if (this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(() => this.#flush())
  }

  #flush(): void {
    this.#isScheduled = false
    for (const id of this.#changedSlaves) this.#sendSlave(this.#subscribers, id)
    for (const id of this.#changedInstances) this.#sendInstance(this.#subscribers, id)
    this.#changedSlaves.clear()
    this.#changedInstances.clear()
  }

  #sendSlave(links: Iterable<Link>, slaveId: number): void {
    const { slaves, instances } = this.#parts
    const record = slaves.get(slaveId)
    const slave = record ? slaves.info(record, instances.countOf(slaveId)) : null
    const event = eventMessage(slaveChanged, { slave_id: slaveId, slave })
    for (const link of links) link.pass(slaveChanged, event)
  }

  #sendInstance(links: Iterable<Link>, instanceId: number): void {
    const { instances } = this.#parts
    const record = instances.get(instanceId)
    const event = eventMessage(instanceChanged, { instance_id: instanceId, instance: record ? instances.info(record) : null })
    for (const link of links) link.pass(instanceChanged, event)
  }
}
