import { ClusterError } from '../lib/errors/cluster-error.ts'
import type { RequestDefinition } from '../lib/link/define.ts'
import { answeredOn, HandlerTable } from '../lib/link/handlers.ts'
import type { Link } from '../lib/link/link.ts'
import type { RequestMessage } from '../lib/link/message.ts'
import type { Registry } from '../lib/link/registry.ts'
import type { Cluster } from './cluster.ts'
import { clusterHandlers } from './handlers/cluster.ts'
import type { ControlHandlers, RequestContext } from './handlers/context.ts'
import { instanceHandlers } from './handlers/instances.ts'
import { slaveHandlers } from './handlers/slaves.ts'
import { slaveError } from './slave-error.ts'

/**
 * Answers every request of a control, from whichever door it comes: checks the permission that the message names,
 * passes on what belongs to a slave, and hands the rest to its handler.
 */
export class Dispatcher {
  readonly #cluster: Cluster
  readonly #handlers: HandlerTable<RequestContext>

  /** Throws when a message that the master must answer has no handler. */
  constructor(cluster: Cluster, registry: Registry, countControls: () => number) {
    this.#cluster = cluster
    const handlers: ControlHandlers = { ...slaveHandlers(cluster), ...instanceHandlers(cluster), ...clusterHandlers(cluster, countControls) }
    this.#handlers = new HandlerTable<RequestContext>(handlers)
    this.#handlers.expectComplete(answeredOn(registry, 'control-master'))
  }

  /** The handlers; a plugin adds its own. */
  get handlers(): HandlerTable<RequestContext> {
    return this.#handlers
  }

  /** The data of the answer. Throws `unauthenticated`, `forbidden`, and whatever the handler or the slave says. */
  async answer(definition: RequestDefinition, request: Pick<RequestMessage, 'to' | 'key' | 'data'>, context: RequestContext): Promise<unknown> {
    this.#cluster.tokens.require(context.caller, definition.permission)
    if (definition.forward === undefined) return this.#handlers.answer(definition, request.data, context)
    const link = definition.forward === 'instance_id' ? this.#linkOfInstance(request.to) : this.#linkOfSlave(request.to)
    try {
      return await link.relay(definition, request).catch((error: unknown) => this.#relayAgain(link, definition, request, error))
    } catch (error) {
      throw slaveError(definition.type, error)
    }
  }

  /** A slave that has just connected may not have been given the instance yet. */
  async #relayAgain(link: Link, definition: RequestDefinition, request: Pick<RequestMessage, 'to' | 'key' | 'data'>, error: unknown): Promise<unknown> {
    const { code, details } = ClusterError.from(error)
    const record = request.to === undefined ? undefined : this.#cluster.instances.get(request.to)
    const isUnknownThere = definition.forward === 'instance_id' && code === 'not_found' && details['instance_id'] === request.to
    if (!isUnknownThere || !record || this.#cluster.instances.isLeaving(record.id)) throw error
    await this.#cluster.assignments.push(link, record)
    return link.relay(definition, request)
  }

  #linkOfInstance(instanceId: number | undefined): Link {
    if (instanceId === undefined) throw new ClusterError('invalid_request', '"instance_id" is missing')
    const { slave_id: slaveId } = this.#cluster.instances.require(instanceId)
    if (slaveId === null) throw new ClusterError('unassigned', 'Instance is not assigned to a slave')
    const link = this.#cluster.slaves.link(slaveId)
    if (!link) throw new ClusterError('slave_not_connected', 'Slave containing instance is not connected')
    return link
  }

  #linkOfSlave(slaveId: number | undefined): Link {
    if (slaveId === undefined) throw new ClusterError('invalid_request', '"slave_id" is missing')
    const { name } = this.#cluster.slaves.require(slaveId)
    const link = this.#cluster.slaves.link(slaveId)
    if (!link) throw new ClusterError('slave_not_connected', `Slave ${name} is not connected`)
    return link
  }
}
