import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Fields } from '../../lib/config/field.ts'
import { freezeDeep } from '../../lib/config/freeze.ts'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import type { EventDefinition, RequestDefinition } from '../../lib/link/define.ts'
import type { EventMessage, RequestMessage } from '../../lib/link/message.ts'
import type { PluginOrder } from '../../lib/link/messages/plugins.ts'
import type { KnownPlugin } from '../../lib/plugin/catalogue.ts'
import type { PluginGuard } from '../../lib/plugin/guard.ts'
import type { Instance } from '../instance/instance.ts'
import { instanceContext, slaveContext } from './contexts.ts'
import type { LocalHost, Surroundings } from './contexts.ts'
import { Part } from './part.ts'

/** A plugin that runs on this slave: its slave part, and one part for each instance. */
export class LocalPlugin {
  readonly order: PluginOrder
  readonly #known: KnownPlugin
  readonly #host: LocalHost
  readonly #config: never
  readonly #slavePart: Part
  readonly #instanceParts = new Map<number, Part>()
  #isStopped = false

  /** `onFatal` is called when its slave part has failed so that it must be stopped. */
  constructor(known: KnownPlugin, order: PluginOrder, host: LocalHost, onFatal: () => void) {
    this.order = order
    this.#known = known
    this.#host = host
    this.#config = configOf(known.plugin.config ?? {}, order) as never
    this.#slavePart = this.#part('', onFatal)
  }

  /** Of its slave part, which stands for the whole where it is not known which part has failed. */
  get guard(): PluginGuard {
    return this.#slavePart.guard
  }

  /** Starts its parts. Throws why the slave part did not start; an instance's that does not is reported and left out. */
  async start(): Promise<void> {
    const { slave, messages = [] } = this.#known.plugin
    if (slave) await this.#slavePart.start(() => slave(slaveContext(this.#surroundings)))
    const unanswered = messages.filter((definition) => definition.kind === 'request' && definition.routes.includes('master-slave')
      && !definition.routes.includes('slave-instance') && !this.#slavePart.requests.has(definition.type))
    if (unanswered.length > 0) throw new ClusterError('internal', `no handler for ${unanswered.map(({ type }) => type).join(', ')}`)
    await Promise.all(this.#host.instances().map((instance) => this.add(instance)))
  }

  /** Undoes everything. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await Promise.all([...this.#instanceParts.keys()].map((id) => this.#stopInstance(id)))
    await this.#slavePart.stop()
  }

  /** An instance is here. */
  async add(instance: Instance): Promise<void> {
    const { instance: run } = this.#known.plugin
    if (!run || this.#isStopped || this.#instanceParts.has(instance.id)) return
    const part = this.#part(` of instance ${instance.assignment.name}`, () => void this.#stopInstance(instance.id))
    this.#instanceParts.set(instance.id, part)
    try {
      await part.start(() => run(instanceContext(this.#surroundings, instance, part)))
    } catch (error) {
      part.guard.failed('start', error, true)
    }
  }

  /** An instance was deleted; what the plugin kept of it goes, too. */
  async remove(instanceId: number): Promise<void> {
    await this.#stopInstance(instanceId)
    await rm(this.#directory(String(instanceId)), { recursive: true, force: true })
  }

  answer(definition: RequestDefinition, request: Pick<RequestMessage, 'to' | 'data'>): Promise<unknown> {
    const part = definition.routes.includes('slave-instance') ? this.#partOf(request.to) : this.#slavePart
    return part.requests.answer(definition, request, {})
  }

  accept(definition: EventDefinition, event: EventMessage): void {
    const part = definition.routes.includes('slave-instance') ? this.#partOf(event.to) : this.#slavePart
    part.events.accept(definition, event.data, {})
  }

  get #surroundings(): Surroundings {
    return {
      name: this.#name,
      host: this.#host,
      config: this.#config,
      slavePart: this.#slavePart,
      directory: (below) => this.#directory(below),
      partOf: (instanceId) => this.#partOf(instanceId),
    }
  }

  get #name(): string {
    return this.order.name
  }

  #directory(below: string): string {
    return join(this.#host.dataDirectory, 'plugins', this.#name, below)
  }

  #part(of: string, onFatal: () => void): Part {
    const { log, failed } = this.#host
    const { paths = [] } = this.#known
    return new Part({
      plugin: this.#name, paths,
      onFailure: (failure) => {
        failed({ ...failure, where: `${failure.where}${of}` })
        if (failure.isFatal) onFatal()
      },
    }, log.child({ plugin: this.#name }))
  }

  /** Throws `not_found`. */
  #partOf(instanceId: number | undefined): Part {
    const instance = this.#host.require(instanceId ?? 0)
    const part = this.#instanceParts.get(instance.id)
    if (!part) throw new ClusterError('not_found', `The plugin ${this.#name} has no part for instance ${instance.assignment.name}; see the slave's log`)
    return part
  }

  async #stopInstance(id: number): Promise<void> {
    const part = this.#instanceParts.get(id)
    this.#instanceParts.delete(id)
    await part?.stop()
  }
}

/** What the master said, over the defaults of this slave's version of the plugin. */
function configOf(fields: Fields, { config }: PluginOrder): object {
  const defaults = Object.entries(fields).map(([name, field]) => [name, field.default])
  return freezeDeep(structuredClone({ ...Object.fromEntries(defaults) as object, ...config }))
}
