import { createHash } from 'node:crypto'
import { ClusterError } from '../lib/errors/cluster-error.ts'
import type { RequestDefinition, ResponseOf } from '../lib/link/define.ts'
import { answeredOn, HandlerTable } from '../lib/link/handlers.ts'
import type { Link } from '../lib/link/link.ts'
import type { listPlugins as listPluginsRequest } from '../lib/link/messages/plugins.ts'
import type { RequestMessage } from '../lib/link/message.ts'
import { check } from '../lib/link/validate.ts'
import type { Registry } from '../lib/link/registry.ts'
import { digestOf, isKept, Outcomes } from '../lib/link/outcomes.ts'
import { Audit } from './audit.ts'
import type { Cluster } from './cluster.ts'
import { clusterHandlers } from './handlers/cluster.ts'
import type { ControlHandlers, RequestContext } from './handlers/context.ts'
import { instanceHandlers } from './handlers/instances.ts'
import { slaveHandlers } from './handlers/slaves.ts'
import { standIns } from './handlers/stand-ins.ts'
import { userHandlers } from './handlers/users.ts'
import type { Caller } from './services/access.ts'
import { slaveAway, slaveError } from './slave-error.ts'

type Request = Pick<RequestMessage, 'to' | 'key' | 'data'>

/**
 * Answers every request of a control, from whichever door it comes: checks the permission that the message names,
 * passes on what belongs to a slave, and hands the rest to its handler. What comes again with the same idempotency key is
 * not done again.
 */
export class Dispatcher {
  readonly #cluster: Cluster
  readonly #handlers: HandlerTable<RequestContext>
  /** For slaves that can't be asked. */
  readonly #standIns: HandlerTable<RequestContext>
  readonly #outcomes = new Outcomes()
  readonly #audit: Audit

  /** Throws when a message that the master must answer has no handler. */
  constructor(cluster: Cluster, registry: Registry, countControls: () => number, listPlugins: () => ResponseOf<typeof listPluginsRequest>) {
    this.#cluster = cluster
    this.#audit = new Audit(cluster.log, cluster.access)
    const handlers: ControlHandlers = { ...slaveHandlers(cluster), ...instanceHandlers(cluster), ...clusterHandlers(cluster, countControls), ...userHandlers(cluster), list_plugins: listPlugins }
    this.#handlers = new HandlerTable<RequestContext>(handlers)
    this.#standIns = new HandlerTable<RequestContext>(standIns(cluster, (definition, request, context) => this.#try(definition, request, context)))
    this.#handlers.expectComplete(answeredOn(registry, 'control-master'))
  }

  /** The handlers; a plugin adds its own. */
  get handlers(): HandlerTable<RequestContext> {
    return this.#handlers
  }

  /** The data of the answer. Throws `unauthenticated`, `forbidden`, and whatever the handler or the slave says. */
  answer(definition: RequestDefinition, request: Request, context: RequestContext): Promise<unknown> {
    return this.#audit.watch(definition, request.data, context.caller, () => this.#try(definition, request, context))
  }

  #try(definition: RequestDefinition, request: Request, context: RequestContext): Promise<unknown> {
    try {
      return this.#answer(definition, request, context)
    } catch (error) {
      return Promise.reject(ClusterError.from(error))
    }
  }

  #answer(definition: RequestDefinition, request: Request, context: RequestContext): Promise<unknown> {
    const { caller } = context
    this.#cluster.access.require(caller, definition.permission)
    const creation = this.#creationOf(request)
    if (creation) return creation.then(() => this.#try(definition, request, context))
    if (definition.forward === undefined) return this.#once(definition, request, caller, () => this.#handlers.answer(definition, request, withOrigin(definition, request, context)))
    const link = definition.forward === 'instance_id' ? this.#linkOfInstance(request.to) : this.#linkOfSlave(request.to)
    // The slave keeps the outcome if it can: it knows better what became of a request when a link breaks.
    if (link.channel.carriesKeys) return this.#relay(link, definition, request.key === undefined ? request : { ...request, key: ownKey(caller, request.key) })
    return this.#once(definition, request, caller, () => this.#relayElsewhere(link, definition, request, context))
  }

  /** Does the work, unless it was done when the same request came before. */
  #once(definition: RequestDefinition, { key, data }: Request, caller: Caller, work: () => Promise<unknown>): Promise<unknown> {
    return isKept(definition, key) ? this.#outcomes.once(definition, { scope: scopeOf(caller), key, data }, work) : work()
  }

  /** What is asked of an instance that is being made waits until it is on record. */
  #creationOf({ to, data }: Request): Promise<void> | undefined {
    const { creations } = this.#cluster.instances
    if (!creations.isAny) return undefined
    const id = to ?? (data.value as { instance_id?: unknown } | null)?.instance_id
    return typeof id === 'number' ? creations.of(id) : undefined
  }

  /** To a slave of another make. */
  #relayElsewhere(link: Link, definition: RequestDefinition, request: Request, context: RequestContext): Promise<unknown> {
    if (!link.channel.carries(definition) && this.#standIns.has(definition.type)) return this.#standIns.answer(definition, request, context)
    if (definition.forward !== 'instance_id' || request.to === undefined) return this.#relay(link, definition, request)
    const { wait = false } = check(definition.request, request.data.value, definition.type) as { wait?: boolean }
    return this.#cluster.untoldStates.during(definition.type, request.to, wait, this.#relay(link, definition, request))
  }

  #relay(link: Link, definition: RequestDefinition, request: Request): Promise<unknown> {
    return link.relay(definition, request).catch((error: unknown) => this.#relayAgain(link, definition, request, error))
  }

  /** A slave that has just connected may not have been given the instance yet. */
  async #relayAgain(link: Link, definition: RequestDefinition, request: Request, error: unknown): Promise<unknown> {
    const { code, details } = ClusterError.from(error)
    const record = request.to === undefined ? undefined : this.#cluster.instances.get(request.to)
    const isUnknownThere = definition.forward === 'instance_id' && code === 'not_found' && details['instance_id'] === request.to
    if (!isUnknownThere || !record || this.#cluster.instances.isLeaving(record.id)) throw slaveError(definition.type, error)
    try {
      await this.#cluster.assignments.push(link, record)
      return await link.relay(definition, request)
    } catch (again) {
      throw slaveError(definition.type, again)
    }
  }

  #linkOfInstance(instanceId: number | undefined): Link {
    if (instanceId === undefined) throw new ClusterError('invalid_request', '"instance_id" is missing')
    const { slave_id: slaveId } = this.#cluster.instances.require(instanceId)
    if (slaveId === null) throw new ClusterError('unassigned', 'Instance is not assigned to a slave')
    const link = this.#cluster.slaves.link(slaveId)
    if (!link) throw slaveAway(this.#cluster.slaves, slaveId)
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

/** Whose keys: one caller's have nothing to do with another's. */
function scopeOf({ tokenId, userId }: Caller): string {
  return userId === undefined ? `token ${tokenId}` : `user ${userId}`
}

function ownKey(caller: Caller, key: string): string {
  return createHash('sha256').update(`${scopeOf(caller)} ${key}`).digest('base64')
}

/** What the handler of a request is told that must not be done twice. */
function withOrigin(definition: RequestDefinition, { key, data }: Request, context: RequestContext): RequestContext {
  return isKept(definition, key) ? { ...context, origin: { key: ownKey(context.caller, key), request: digestOf(definition, data) } } : context
}
