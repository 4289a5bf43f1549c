import { isDeepStrictEqual } from 'node:util'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import type { Link } from '../../lib/link/link.ts'
import { assignInstance, deleteInstance } from '../../lib/link/messages/instances.ts'
import type { Assignment, InstanceState } from '../../lib/link/messages/instances.ts'
import type { Logger } from '../../lib/log/logger.ts'
import type { InstanceRecord, InstanceService } from './instances.ts'
import type { TemplateService } from './templates.ts'

interface Brought { readonly instance: Assignment; readonly state: InstanceState }

interface Parts {
  readonly instances: InstanceService
  readonly templates: TemplateService
  readonly log: Logger
}

/** How long a slave may take for one assignment; one that does not answer holds up none of the others. */
const assignDeadlineMs = 10_000

/** Brings what a slave has and what the master wants it to have together. */
export class Assignments {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** What a slave needs to run an instance. Throws `not_found` when its template is gone. */
  of({ id, name, template, variables, ports, restart_policy, console_limit_bytes }: InstanceRecord): Assignment {
    return { id, name, variables, ports, restart_policy, console_limit_bytes, template: this.#parts.templates.require(template).template }
  }

  /** Gives a slave one instance, or its new configuration. */
  async push(link: Link, record: InstanceRecord): Promise<void> {
    const { state } = await link.send(assignInstance, { instance: this.of(record) }, { deadlineMs: assignDeadlineMs })
    await this.#parts.instances.setState(record.id, state)
  }

  /**
   * A slave has connected and told what it has: instances that the master does not know are adopted, deleted ones
   * are deleted there too, and those whose configuration differs get the master's.
   */
  async reconcile(link: Link, slaveId: number, brought: readonly Brought[]): Promise<void> {
    const { instances } = this.#parts
    const has = new Map(brought.map((item) => [item.instance.id, item]))
    const owned = brought.filter(({ instance: { id } }) => instances.get(id)?.slave_id === slaveId)
    instances.forgetStates(slaveId, new Set(has.keys()))
    // All at once: from the moment a slave is there, what is shown of its instances is what it told.
    await Promise.all(owned.map(({ instance, state }) => this.#guard(instance.name, () => instances.setState(instance.id, state))))
    for (const item of brought) await this.#guard(item.instance.name, () => this.#take(link, slaveId, item))
    for (const record of instances.assignedTo(slaveId)) {
      await this.#guard(record.name, async () => {
        if (instances.isDeleted(record.id)) await instances.delete(record, false)
        else if (!isDeepStrictEqual(has.get(record.id)?.instance, this.of(record))) await this.push(link, record)
      })
    }
  }

  async #take(link: Link, slaveId: number, { instance, state }: Brought): Promise<void> {
    const { instances } = this.#parts
    const record = instances.get(instance.id)
    if (record?.slave_id === slaveId && !instances.isDeleted(instance.id)) return
    if (record === undefined && !instances.isDeleted(instance.id)) {
      await instances.adopt(instance, slaveId, state.desired)
      return instances.setState(instance.id, state)
    }
    if (record && record.slave_id !== slaveId) throw new ClusterError('conflict', `Slave ${slaveId} has the instance ${instance.id}, which is assigned to slave ${record.slave_id}; it is left alone there`)
    await link.send(deleteInstance, { instance_id: instance.id }, { deadlineMs: deleteInstance.deadlineMs })
    if (record) await instances.delete(record, false)
    else await instances.forgetDeleted(instance.id)
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
