import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Counter, Gauge } from 'prom-client'
import { sectionValues } from '../../lib/config/load.ts'
import type { Definition } from '../../lib/link/define.ts'
import { pluginClock } from '../../lib/plugin/clock.ts'
import type { Plugin } from '../../lib/plugin/definition.ts'
import type { PluginGuard } from '../../lib/plugin/guard.ts'
import type { Hooks } from '../../lib/plugin/cluster-view.ts'
import type { Caller, MasterContext } from '../../lib/plugin/master-context.ts'
import { expectOwn, expectRoute, ownPeer } from '../../lib/plugin/own-messages.ts'
import type { UndoList } from '../../lib/plugin/undo.ts'
import type { RequestContext } from '../handlers/context.ts'
import { clusterView } from './cluster-view.ts'
import { contained, mount } from './http.ts'
import type { PluginLink } from './link.ts'
import type { PluginHostParts } from './parts.ts'
import { listenFor } from './sockets.ts'

/** What a plugin's master part works with: all that it gives out runs inside the guard, all that it takes is undone with the list. */
export function masterContext({ name, config = {} }: Plugin, guard: PluginGuard, undo: UndoList, parts: PluginHostParts): MasterContext<never> {
  const { cluster, dispatcher, registry, hub, admission, upgrades, app, dataDirectory, handshakeMs, config: all, lines } = parts
  const { hooks, pluginLink: link, instances } = cluster
  const directory = join(dataDirectory, 'plugins', name)
  const own = <D extends Definition>(definition: D): string => {
    expectOwn(name, definition)
    return definition.type
  }
  const context: MasterContext<unknown> = {
    config: sectionValues(all, name, config),
    log: cluster.log.child({ plugin: name }),
    clock: pluginClock(guard, undo),
    hub, admission, handshakeMs,
    url: cluster.url,
    cluster: clusterView(cluster, dispatcher, registry, guard, undo),
    dataDirectory: async () => {
      await mkdir(directory, { recursive: true, mode: 0o700 })
      return directory
    },
    collection: (collection) => cluster.store.collection(`plugin.${name}.${collection}`),
    route: (path, router) => { undo.add(mount(app, path, router, guard)) },
    webSocket: (door) => { undo.add(upgrades.add(contained(door, guard))) },
    listen: (address, onConnection, options = {}) => listenFor(address, { ...options, onConnection }, guard, undo),
    answer: (definition, handler) => {
      undo.add(dispatcher.handlers.add(own(definition), (data, request) => (
        guard.answer(definition.type, () => handler(data as never, callerOf(request, { name, guard, undo, pluginLink: link })))
      )))
    },
    answerSlave: (definition, handler) => {
      undo.add(link.requests.add(own(definition), (data, slave) => guard.answer(definition.type, () => handler(data as never, slave))))
    },
    accept: (definition, listener) => {
      undo.add(link.events.add(own(definition), (data, sender) => guard.call(definition.type, () => listener(data as never, sender))))
    },
    slavePart: (slaveId) => ownPeer(name, link.slavePart(slaveId)),
    instancePart: (instanceId) => ownPeer(name, link.instancePart(instanceId)),
    on: (hook, listener, options = {}) => {
      const tell = (event: Hooks[typeof hook]): void => guard.call(`hook ${hook}`, () => listener(event))
      if (hook !== 'console_line') return undo.add(hooks.on(hook, tell))
      return undo.add(lines.listen(options.instances, (instanceId, run, text) => {
        const record = instances.get(instanceId)
        if (record) tell({ instance: instances.info(record), run, text } as Hooks[typeof hook])
      }))
    },
    ...figures(name, guard, undo, parts),
    onStop: (stop) => { undo.add(() => guard.run(stop)) },
  }
  return context as MasterContext<never>
}

function figures(plugin: string, guard: PluginGuard, undo: UndoList, { metrics }: PluginHostParts): Pick<MasterContext<never>, 'gauge' | 'counter'> {
  const nameOf = (text: string): string => `corral_${plugin.replaceAll('-', '_')}_${text}`
  return {
    gauge: (text, help, read) => {
      const name = nameOf(text)
      // A figure that can't be read must not cost all others.
      const gauge: Gauge = new Gauge({ name, help, registers: [metrics], collect: () => guard.call(`gauge ${name}`, () => gauge.set(read())) })
      undo.add(() => metrics.removeSingleMetric(name))
    },
    counter: (text, help) => {
      const name = nameOf(text)
      const counter = new Counter({ name, help, registers: [metrics] })
      undo.add(() => metrics.removeSingleMetric(name))
      return (by = 1) => counter.inc(by)
    },
  }
}

interface Answering {
  readonly name: string
  readonly guard: PluginGuard
  readonly undo: UndoList
  readonly pluginLink: PluginLink
}

function callerOf({ caller, link }: RequestContext, { name, guard, undo, pluginLink }: Answering): Caller {
  if (!link) return caller
  return {
    ...caller,
    control: {
      emit: (definition, data) => {
        expectOwn(name, definition)
        expectRoute(definition, 'master-control')
        link.emit(definition, data)
      },
      onClosed: (listener) => {
        const forget = undo.add(pluginLink.onClosed(link, () => {
          forget()
          guard.call('closed control', listener)
        }))
      },
    },
  }
}
