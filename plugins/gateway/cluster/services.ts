import type { Catalogue } from '../catalogue.ts'
import type { ServiceIds } from '../service-ids.ts'
import { ClusterService } from './service.ts'
import type { ClusterServiceParts } from './service.ts'
import { instanceTarget, slaveTarget } from './target.ts'
import type { Target } from './target.ts'

/** All slaves and instances of the cluster as services. */
export class ClusterServices {
  readonly #parts: ClusterServiceParts
  readonly #catalogue: Catalogue
  readonly #ids: ServiceIds
  readonly #services = new Map<string, ClusterService>()
  #scheduled: NodeJS.Immediate | undefined
  #isClosed = false

  constructor(parts: ClusterServiceParts, catalogue: Catalogue, ids: ServiceIds) {
    this.#parts = parts
    this.#catalogue = catalogue
    this.#ids = ids
    const { context: { on, cluster } } = parts
    for (const hook of ['slaves_changed', 'slave_connected', 'slave_gone', 'instance_changed', 'instance_deleted'] as const) {
      on(hook, () => { this.#scheduled ??= setImmediate(() => this.#refresh()) })
    }
    cluster.onRevoked(() => this.#review())
  }

  /** Takes in all that is there. Resolves when each has its id. */
  async open(): Promise<void> {
    await Promise.all(this.#targets().map((target) => this.#ids.assign(target.key)))
    this.#refresh()
  }

  close(): void {
    this.#isClosed = true
    clearImmediate(this.#scheduled)
    for (const service of this.#services.values()) service.close()
  }

  #targets(): Target[] {
    const { cluster } = this.#parts.context
    const slaves = cluster.slaves()
    const connected = new Set(slaves.filter((slave) => slave.connected).map(({ name }) => name))
    return [
      ...slaves.map(({ id, name }) => slaveTarget(cluster, id, name, connected.has(name))),
      ...cluster.instances().map((instance) => instanceTarget(cluster, instance, instance.slave !== null && connected.has(instance.slave))),
    ]
  }

  #refresh(): void {
    this.#scheduled = undefined
    if (this.#isClosed) return
    const targets = this.#targets()
    for (const target of targets) this.#take(target)
    const keys = new Set(targets.map(({ key }) => key))
    for (const service of this.#services.values()) if (!keys.has(service.key)) this.#remove(service)
    // Those too that went while the gateway was off, or before their id was on record.
    for (const key of this.#ids.keys()) if (isOwn(key) && !keys.has(key)) this.#forget(key)
    this.#catalogue.changed()
  }

  #take(target: Target): void {
    const present = this.#services.get(target.key)
    const id = this.#ids.find(target.key)
    if (present) {
      present.update(target)
    } else if (id === undefined) {
      // It is a service once its id is on record.
      void this.#ids.assign(target.key).then(() => this.#refresh(), (error: unknown) => this.#failed(error))
    } else {
      const service = new ClusterService(id, target, this.#parts)
      this.#services.set(target.key, service)
      this.#catalogue.add(service)
    }
  }

  #remove(service: ClusterService): void {
    this.#services.delete(service.key)
    this.#catalogue.remove(service)
    service.close()
  }

  #forget(key: string): void {
    this.#ids.forget(key).catch((error: unknown) => this.#failed(error))
  }

  #review(): void {
    for (const service of this.#services.values()) service.review()
  }

  #failed(error: unknown): void {
    this.#parts.log.error('The id of a service could not be put on record', { error: String(error) })
  }
}

/** Whether a key names a service of the cluster, not one elsewhere. */
function isOwn(key: string): boolean {
  return key.startsWith('slave:') || key.startsWith('instance:')
}
