import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { routeOf } from '../../lib/link/define.ts'
import type { EventDefinition, RequestDefinition } from '../../lib/link/define.ts'
import type { Link } from '../../lib/link/link.ts'
import type { Logger } from '../../lib/log/logger.ts'
import { pluginClock } from '../../lib/plugin/clock.ts'
import type { PluginFailure } from '../../lib/plugin/guard.ts'
import type { HookTable } from '../../lib/plugin/hook-table.ts'
import { expectRoute, ownPeer } from '../../lib/plugin/own-messages.ts'
import type { Peer } from '../../lib/plugin/peer.ts'
import type { InstanceContext, SlaveContext, SlaveHooks } from '../../lib/plugin/slave-context.ts'
import { sayCommand } from '../../lib/template/render.ts'
import type { Instance } from '../instance/instance.ts'
import type { ConsoleTaps } from './console-taps.ts'
import { localInstance } from './local-instance.ts'
import { localPeer } from './part.ts'
import type { Part } from './part.ts'

/** What plugins on a slave share. */
export interface LocalHost {
  readonly slave: { readonly id: number; readonly name: string }
  readonly dataDirectory: string
  readonly log: Logger
  readonly hooks: HookTable<SlaveHooks>
  readonly taps: ConsoleTaps
  /** The conversation with the master, if there is one. */
  link(): Link | undefined
  instances(): readonly Instance[]
  /** Throws `not_found`. */
  require(instanceId: number): Instance
  failed(failure: PluginFailure): void
}

/** What surrounds the parts of one plugin. */
export interface Surroundings {
  readonly name: string
  readonly host: LocalHost
  readonly config: unknown
  readonly slavePart: Part
  /** A directory of the plugin's own. */
  directory(below: string): string
  /** Throws `not_found`. */
  partOf(instanceId: number): Part
}

/** What the slave part gets. */
export function slaveContext({ name, host, config, slavePart, directory, partOf }: Surroundings): SlaveContext<never> {
  const { slave, hooks, taps, instances, require } = host
  const { guard, undo } = slavePart
  const context: SlaveContext<unknown> = {
    ...slavePart.context(directory('slave')),
    config,
    clock: pluginClock(guard, undo),
    slave,
    master: ownPeer(name, masterPeer(host)),
    hasMaster: () => host.link() !== undefined,
    instances: () => instances().map(localInstance),
    instance: (id) => instances().filter((instance) => instance.id === id).map(localInstance)[0],
    sendLine: async (id, line) => require(id).send(line),
    sayCommand: (id, text) => sayCommand(require(id).assignment.template, text),
    instancePart: (id) => {
      const peer = localPeer(name, 'slave-instance', {}, () => partOf(id))
      return {
        send: async (definition, data, options) => peer.send(forInstance(definition, data, id), data, options),
        emit: (definition, data) => peer.emit(forInstance(definition, data, id), data),
      }
    },
    on: (hook, listener) => {
      const tell = (event: SlaveHooks[typeof hook]): void => guard.call(`hook ${hook}`, () => listener(event))
      if (hook !== 'console_line') return undo.add(hooks.on(hook, tell))
      return undo.add(taps.listen(undefined, (instance, run, text) => tell({ instance: localInstance(instance), run, text } as SlaveHooks[typeof hook])))
    },
  }
  return context as SlaveContext<never>
}

/** What an instance's part gets. */
export function instanceContext({ name, host, config, slavePart, directory }: Surroundings, instance: Instance, part: Part): InstanceContext<never> {
  const { hooks, taps } = host
  const { guard, undo } = part
  const { id } = instance
  const master = masterPeer(host)
  const context: InstanceContext<unknown> = {
    ...part.context(directory(String(id))),
    config,
    clock: pluginClock(guard, undo),
    instanceId: id,
    instance: () => localInstance(instance),
    sendLine: async (line) => instance.send(line),
    sayCommand: (text) => sayCommand(instance.assignment.template, text),
    slavePart: localPeer(name, 'instance-slave', { instanceId: id }, () => slavePart),
    master: ownPeer(name, {
      send: async (definition, data, options) => {
        expectRoute(definition, 'instance-slave')
        return master.send(definition, data, options)
      },
      emit: (definition, data) => {
        expectRoute(definition, 'instance-slave')
        master.emit(definition, data)
      },
    }),
    on: (hook, listener) => {
      const tell = (event: SlaveHooks[typeof hook]): void => {
        if (!('instance' in event) || event.instance.id === id) guard.call(`hook ${hook}`, () => listener(event))
      }
      if (hook !== 'console_line') return undo.add(hooks.on(hook, tell))
      return undo.add(taps.listen(id, (_instance, run, text) => tell({ instance: localInstance(instance), run, text } as SlaveHooks[typeof hook])))
    },
  }
  return context as InstanceContext<never>
}

function masterPeer(host: LocalHost): Peer {
  return {
    send: async (definition, data, options = {}) => {
      const link = host.link()
      if (!link) throw new ClusterError('link_closed', 'The slave has no connection to its master')
      return link.send(definition, data, options)
    },
    emit: (definition, data) => {
      expectRoute(definition, 'slave-master')
      host.link()?.emit(definition, data)
    },
  }
}

/** The definition of a message whose data names the instance that it is for. Throws `invalid_request`. */
function forInstance<D extends RequestDefinition | EventDefinition>(definition: D, data: unknown, id: number): D {
  if (routeOf(definition, data) === id) return definition
  throw new ClusterError('invalid_request', `${definition.type} is for instance ${id}, but its data does not say so in "instance_id"`)
}
