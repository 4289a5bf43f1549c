import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import type { Assignment } from '../../lib/link/messages/instances.ts'
import type { Host } from '../instance/host.ts'
import { Instance } from '../instance/instance.ts'
import type { InstanceListener } from '../instance/instance.ts'
import { InstanceDirectory } from '../instance/record.ts'
import type { InstanceRecord } from '../instance/record.ts'

/** All instances of a slave, from its data directory. */
export class Supervisor {
  readonly #directory: string
  readonly #host: Host
  readonly #listener: InstanceListener
  readonly #instances = new Map<number, Instance>()

  constructor(dataDirectory: string, host: Host, listener: InstanceListener) {
    this.#directory = join(dataDirectory, 'instances')
    this.#host = host
    this.#listener = listener
  }

  /**
   * Goes on with all that is on disk: games that run are adopted, those that should run are started. Needs no master.
   * An instance whose record can't be read is reported and left alone.
   */
  async recover(): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o711 })
    const found: Instance[] = []
    for (const name of await readdir(this.#directory)) {
      const instance = await this.#open(new InstanceDirectory(join(this.#directory, name)))
      if (instance) found.push(instance)
    }
    await Promise.all(found.map((instance) => this.#recoverOne(instance)))
  }

  list(): Instance[] {
    return [...this.#instances.values()].sort((a, b) => a.id - b.id)
  }

  get(instanceId: number): Instance | undefined {
    return this.#instances.get(instanceId)
  }

  /** Throws `not_found`. */
  require(instanceId: number): Instance {
    const instance = this.#instances.get(instanceId)
    if (!instance) throw new ClusterError('not_found', `Instance with ID ${instanceId} does not exist on this slave`)
    return instance
  }

  /** Takes a new instance, or the new configuration of one. Throws `port_taken`, `no_free_port`, `disk_full`. */
  async assign(assignment: Assignment): Promise<Instance> {
    const known = this.#instances.get(assignment.id)
    if (known) {
      await known.assign(assignment)
      return known
    }
    const ports = await this.#host.ports.allocate(assignment.id, assignment.template.ports ?? {}, assignment.ports, {})
    const directory = new InstanceDirectory(join(this.#directory, String(assignment.id)))
    const record: InstanceRecord = {
      assignment, ports, desired: 'stopped', last_run: 0, run: null, last_exit: null, restarts: [], has_given_up: false,
    }
    try {
      await directory.create()
      await directory.write(record)
    } catch (error) {
      this.#host.ports.release(assignment.id)
      throw error
    }
    const instance = new Instance(directory, record, this.#host, this.#listener)
    this.#instances.set(instance.id, instance)
    return instance
  }

  /** Stops an instance and deletes all that it has; one that is not here is no error, for then it is deleted already. */
  async remove(instanceId: number): Promise<void> {
    const instance = this.#instances.get(instanceId)
    if (!instance) return
    await instance.remove()
    this.#instances.delete(instanceId)
  }

  /** Stops all games, without a change to what is wanted of them. */
  async stopGames(): Promise<void> {
    await Promise.all(this.list().map((instance) => instance.suspend()))
  }

  /** Lets go of everything; games go on by themselves. */
  async detach(): Promise<void> {
    await Promise.all(this.list().map((instance) => instance.detach()))
  }

  async #open(directory: InstanceDirectory): Promise<Instance | undefined> {
    try {
      const record = await directory.read()
      if (!record) return undefined
      const instance = new Instance(directory, record, this.#host, this.#listener)
      this.#instances.set(instance.id, instance)
      return instance
    } catch (error) {
      this.#host.log.error(`The instance in ${directory.path} is left alone: ${ClusterError.from(error).message}`)
      return undefined
    }
  }

  async #recoverOne(instance: Instance): Promise<void> {
    try {
      await instance.recover()
    } catch (error) {
      this.#host.log.error(`The instance ${instance.assignment.name} could not be recovered`, { error: String(error) })
    }
  }
}
