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
  /** Instances that are being made: an assignment that comes twice must not make two. */
  readonly #making = new Map<number, Promise<Instance>>()
  readonly #removing = new Map<number, Promise<void>>()

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
    if (!instance) throw new ClusterError('not_found', `Instance with ID ${instanceId} does not exist on this slave`, { details: { instance_id: instanceId } })
    return instance
  }

  /** Takes a new instance, or the new configuration of one. Throws `port_taken`, `no_free_port`, `disk_full`. */
  async assign(assignment: Assignment): Promise<Instance> {
    for (let making = this.#making.get(assignment.id); making; making = this.#making.get(assignment.id)) await making.catch(() => {})
    const known = this.#instances.get(assignment.id)
    if (known) {
      await known.assign(assignment)
      return known
    }
    const making = this.#make(assignment).finally(() => this.#making.delete(assignment.id))
    this.#making.set(assignment.id, making)
    return making
  }

  async #make(assignment: Assignment): Promise<Instance> {
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
    await this.#making.get(instanceId)?.catch(() => {})
    const instance = this.#instances.get(instanceId)
    if (!instance) return
    // A deletion that is asked for twice is one: the second would write into a directory that is gone.
    const removal = this.#removing.get(instanceId) ?? instance.remove()
      .then(() => { this.#instances.delete(instanceId) })
      .finally(() => this.#removing.delete(instanceId))
    this.#removing.set(instanceId, removal)
    await removal
  }

  /** Tells the players of all games something, as far as the games can; it waits for none of them. */
  announce(text: string): void {
    for (const instance of this.list()) {
      instance.announce(text).catch((error: unknown) => this.#host.log.warn(`The players of ${instance.assignment.name} could not be told: ${ClusterError.from(error).message}`))
    }
  }

  /** Ends all runs because the slave is drained; what is wanted stays. */
  evict(): void {
    for (const instance of this.list()) instance.evict()
  }

  /** The slave is not drained any more: what should run is started. */
  release(): void {
    for (const instance of this.list()) instance.release()
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
