import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { routeOf } from '../../lib/link/define.ts'
import type { EventDefinition, RequestDefinition } from '../../lib/link/define.ts'
import { HandlerTable } from '../../lib/link/handlers.ts'
import type { Link } from '../../lib/link/link.ts'
import { setPlugins } from '../../lib/link/messages/plugins.ts'
import type { PluginOrder } from '../../lib/link/messages/plugins.ts'
import type { SlaveInfo } from '../../lib/link/messages/slaves.ts'
import type { RequestMessage } from '../../lib/link/message.ts'
import type { Payload } from '../../lib/link/payload.ts'
import type { Logger } from '../../lib/log/logger.ts'
import type { Sender } from '../../lib/plugin/master-context.ts'
import { expectRoute } from '../../lib/plugin/own-messages.ts'
import type { Peer } from '../../lib/plugin/peer.ts'
import type { Caller } from '../services/access.ts'
import type { InstanceService } from '../services/instances.ts'
import type { SlaveService } from '../services/slaves.ts'

interface Parts {
  readonly slaves: SlaveService
  readonly instances: InstanceService
  readonly log: Logger
}

/** Told of a plugin that did not start, or failed, on a slave. */
type FailureListener = (plugin: string, slaveId: number, where: string, message: string) => void

/** What plugins say over links, beside the requests of controls: with slaves and instances, and events. */
export class PluginLink {
  /** Requests of the plugins' parts on slaves. */
  readonly requests = new HandlerTable<SlaveInfo>({})
  readonly events = new HandlerTable<Sender>({})
  readonly #parts: Parts
  readonly #orders = new Map<string, PluginOrder>()
  readonly #closed = new WeakMap<Link, Set<() => void>>()
  readonly #ended = new WeakSet<Link>()
  #onFailure: FailureListener = () => {}
  #isOpen = false

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** All plugins have been started: from now on slaves are told which there are. */
  open(onFailure: FailureListener): void {
    this.#onFailure = onFailure
    this.#isOpen = true
    this.#tellAll()
  }

  /** The master stops; the plugins' parts on slaves go on. */
  close(): void {
    this.#isOpen = false
  }

  /** Lets a plugin run on all slaves, until the returned function is called. */
  order(order: PluginOrder): () => void {
    this.#orders.set(order.name, order)
    this.#tellAll()
    return () => {
      this.#orders.delete(order.name)
      this.#tellAll()
    }
  }

  /** Tells a slave which plugins shall run there. */
  async tell(slaveId: number, link: Link): Promise<void> {
    // A slave of another make has no plugins.
    if (!this.#isOpen || !link.channel.carries(setPlugins)) return
    try {
      const { problems } = await link.send(setPlugins, { plugins: [...this.#orders.values()] })
      for (const { name, message } of problems) this.#onFailure(name, slaveId, 'start', message)
    } catch (error) {
      // It has gone, and is told when it comes back; or it is older than plugins.
      this.#parts.log.debug('A slave could not be told which plugins run', { slaveId, error: String(error) })
    }
  }

  answer(definition: RequestDefinition, request: Pick<RequestMessage, 'to' | 'data'>, slaveId: number): Promise<unknown> {
    return this.requests.answer(definition, request, this.#infoOf(slaveId))
  }

  /** Takes an event of a plugin's part on a slave, or of a control that may use plugins. */
  accept(definition: EventDefinition, data: Payload, from: { readonly slaveId: number } | { readonly control: Caller }): void {
    this.events.accept(definition, data, 'slaveId' in from ? { slave: this.#infoOf(from.slaveId) } : from)
  }

  failedOnSlave(plugin: string, slaveId: number, where: string, message: string): void {
    this.#onFailure(plugin, slaveId, where, message)
  }

  /** Calls the listener, once, when a control's connection has ended: after this returns, even if it has ended already. */
  onClosed(link: Link, listener: () => void): () => void {
    const listeners = this.#closed.get(link) ?? new Set()
    this.#closed.set(link, listeners.add(listener))
    if (this.#ended.has(link)) queueMicrotask(() => this.controlClosed(link))
    return () => listeners.delete(listener)
  }

  controlClosed(link: Link): void {
    this.#ended.add(link)
    const listeners = this.#closed.get(link) ?? []
    this.#closed.delete(link)
    for (const listener of listeners) listener()
  }

  slavePart(slaveId: number): Peer {
    return peer(() => this.#parts.slaves.link(slaveId), () => {})
  }

  instancePart(instanceId: number): Peer {
    const linkOf = (): Link | undefined => {
      const { slave_id: slaveId } = this.#parts.instances.require(instanceId)
      return slaveId === null ? undefined : this.#parts.slaves.link(slaveId)
    }
    return peer(linkOf, (definition, data) => {
      if (routeOf(definition, data) === instanceId) return
      throw new ClusterError('invalid_request', `${definition.type} is for instance ${instanceId}, but its data does not say so in "instance_id"`)
    })
  }

  #infoOf(slaveId: number): SlaveInfo {
    const { slaves, instances } = this.#parts
    return slaves.info(slaves.require(slaveId), instances.countOf(slaveId))
  }

  #tellAll(): void {
    for (const { id } of this.#parts.slaves.list()) {
      const link = this.#parts.slaves.link(id)
      if (link) void this.tell(id, link)
    }
  }
}

function peer(linkOf: () => Link | undefined, check: (definition: RequestDefinition | EventDefinition, data: unknown) => void): Peer {
  return {
    send: async (definition, data, options = {}) => {
      check(definition, data)
      const link = linkOf()
      if (!link) throw new ClusterError('slave_not_connected', 'The slave is not connected')
      return link.send(definition, data, options)
    },
    emit: (definition, data) => {
      check(definition, data)
      expectRoute(definition, 'master-slave')
      linkOf()?.emit(definition, data)
    },
  }
}
