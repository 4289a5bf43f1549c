import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { makeDataDirectory } from '../../lib/make-directory.ts'
import { dataDirectoryMode } from '../config.ts'
import { DeletedDirectory } from '../instance/deleted-directory.ts'
import type { Host } from '../instance/host.ts'
import { Instance } from '../instance/instance.ts'
import type { InstanceListener } from '../instance/instance.ts'
import { InstanceDirectory } from '../instance/record.ts'
import type { InstanceRecord } from '../instance/record.ts'
import { completeAssignment } from '../template/complete-assignment.ts'
import type { Given } from '../template/complete-assignment.ts'

/** Told of what happens to all instances. */
export interface SupervisorListener extends InstanceListener {
  /** An instance is here from now on. */
  added(instance: Instance): void
  /** An instance was deleted. */
  removed(instanceId: number): void
}

/** How often instances that can't be used are looked at again. */
const retryMs = 10_000

/** All instances of a slave, from its data directory. */
export class Supervisor {
  readonly #directory: string
  readonly #host: Host
  readonly #listener: SupervisorListener
  readonly #instances = new Map<number, Instance>()
  /** Why instances that are on the disk can't be used: their games may run, so none is made anew. */
  readonly #damaged = new Map<number, ClusterError>()
  /** The end of what is done with an instance's directory, one after the other: two assignments must not make two. */
  readonly #turns = new Map<number, Promise<unknown>>()
  #retryTimer: NodeJS.Timeout | undefined
  readonly #removing = new Map<number, Promise<void>>()

  constructor(dataDirectory: string, host: Host, listener: SupervisorListener) {
    this.#directory = join(dataDirectory, 'instances')
    this.#host = host
    this.#listener = listener
  }

  /**
   * Goes on with all that is on disk: games that run are adopted, those that should run are started. Needs no master.
   * An instance whose record can't be read is reported, and neither made anew nor started until it can. What deletions
   * that were interrupted have left is cleared away.
   */
  async recover(): Promise<void> {
    makeDataDirectory(this.#directory, dataDirectoryMode)
    for (const deleted of await DeletedDirectory.allIn(this.#directory)) void deleted.clear(this.#host.log)
    const ids = (await readdir(this.#directory)).filter((name) => name === String(Number(name))).map(Number).filter(Number.isSafeInteger)
    for (const id of ids) await this.#open(id).catch((error: unknown) => this.#host.log.error(ClusterError.from(error).message))
    await Promise.all(this.list().map((instance) => instance.recover()))
    this.#retryLater()
  }

  list(): Instance[] {
    return [...this.#instances.values()].sort((a, b) => a.id - b.id)
  }

  get(instanceId: number): Instance | undefined {
    return this.#instances.get(instanceId)
  }

  /** Throws `not_found`, or `store_failed` for one that is on the disk and can't be used. */
  require(instanceId: number): Instance {
    const instance = this.#instances.get(instanceId)
    const damage = this.#damaged.get(instanceId)
    if (!instance && damage) throw damage
    if (!instance) throw new ClusterError('not_found', `Instance with ID ${instanceId} does not exist`, { details: { instance_id: instanceId } })
    return instance
  }

  /**
   * Takes a new instance, or the new configuration of one; the newest counts. Throws `port_taken`, `no_free_port`,
   * `disk_full`, and `store_failed` for one that is on the disk and can't be used.
   */
  async assign(given: Given): Promise<Instance> {
    const { id } = given.instance
    return this.#inTurn(id, async () => {
      const known = await this.#find(id)
      if (!known) return this.#make(given)
      await known.assign(await completeAssignment(given, this.#host.templates, known.assignment))
      return known
    })
  }

  async #make(given: Given): Promise<Instance> {
    const completed = await completeAssignment(given, this.#host.templates, undefined)
    const { assignment } = completed
    const ports = await this.#host.ports.allocate(assignment, assignment.template.ports ?? {}, assignment.ports, {})
    const directory = new InstanceDirectory(join(this.#directory, String(assignment.id)))
    const record: InstanceRecord = {
      ...completed, ports, set_ports: assignment.ports, desired: 'stopped', last_run: 0, run: null, last_exit: null, restarts: [], has_given_up: false,
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
    this.#listener.added(instance)
    return instance
  }

  /**
   * Stops an instance and deletes all that it has; false for one that is not here, for then it is deleted already.
   * Throws `store_failed` for one that can't be used or deleted.
   */
  async remove(instanceId: number): Promise<boolean> {
    const instance = await this.#inTurn(instanceId, () => this.#find(instanceId))
    if (!instance) return false
    // A deletion that is asked for twice is one: the second would write into a directory that is gone.
    const removal = this.#removing.get(instanceId) ?? instance.remove()
      .then(() => {
        this.#instances.delete(instanceId)
        this.#listener.removed(instanceId)
      })
      .finally(() => this.#removing.delete(instanceId))
    this.#removing.set(instanceId, removal)
    await removal
    return true
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

  /** The slave is drained: what has not begun doesn't. */
  holdBack(): void {
    for (const instance of this.list()) instance.holdBack()
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
    clearTimeout(this.#retryTimer)
    await Promise.all(this.list().map((instance) => instance.detach()))
  }

  /** Does what concerns an instance's directory after all that was begun before. */
  #inTurn<T>(id: number, work: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(id) ?? Promise.resolve()
    const turn = before.then(work, work).finally(() => {
      if (this.#turns.get(id) === turn) this.#turns.delete(id)
    })
    this.#turns.set(id, turn)
    return turn
  }

  #retryLater(): void {
    if (this.#damaged.size === 0) return
    this.#retryTimer = setTimeout(() => {
      const found = [...this.#damaged.keys()].map((id) => this.#inTurn(id, () => this.#find(id)))
      void Promise.allSettled(found).then(() => this.#retryLater())
    }, retryMs).unref()
  }

  /** An instance; one that could not be used is looked at again. Throws `store_failed` while it can't be. */
  async #find(id: number): Promise<Instance | undefined> {
    if (!this.#damaged.has(id)) return this.#instances.get(id)
    const instance = await this.#open(id)
    if (!instance) return undefined
    await instance.recover()
    this.#listener.added(instance)
    this.#listener.changed(instance)
    return instance
  }

  async #open(id: number): Promise<Instance | undefined> {
    const directory = new InstanceDirectory(join(this.#directory, String(id)))
    try {
      const record = await directory.read()
      this.#damaged.delete(id)
      if (!record) return undefined
      const instance = new Instance(directory, record, this.#host, this.#listener)
      this.#instances.set(id, instance)
      return instance
    } catch (error) {
      this.#damaged.set(id, ClusterError.from(error))
      throw error
    }
  }
}
