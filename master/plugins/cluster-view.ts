import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { decodeBytes } from '../../lib/link/console-bytes.ts'
import { routeOf } from '../../lib/link/define.ts'
import { sendRcon } from '../../lib/link/messages/console.ts'
import type { instanceOutput } from '../../lib/link/messages/console.ts'
import type { EventOf } from '../../lib/link/define.ts'
import { Payload } from '../../lib/link/payload.ts'
import type { Registry } from '../../lib/link/registry.ts'
import { check } from '../../lib/link/validate.ts'
import type { ClusterView } from '../../lib/plugin/cluster-view.ts'
import { sayCommand } from '../../lib/template/render.ts'
import type { Cluster } from '../cluster.ts'
import type { Dispatcher } from '../dispatcher.ts'

/** The cluster for one plugin; `onStop` takes what must be undone with it. */
export function clusterView(cluster: Cluster, dispatcher: Dispatcher, registry: Registry, onStop: (undo: () => void) => void): ClusterView {
  const { slaves, instances, tokens, templates, consoles } = cluster
  return {
    slaves: () => {
      const counts = instances.countBySlave()
      return slaves.list().map((record) => slaves.info(record, counts.get(record.id) ?? 0))
    },
    instances: () => instances.list().map((record) => instances.info(record)),
    instance: (id) => {
      const record = instances.get(id)
      return record && instances.info(record)
    },
    instanceByName: (name) => {
      const record = instances.byName(name)
      return record && instances.info(record)
    },
    authenticate: (token) => ({ tokenId: tokens.authenticate(token).id }),
    require: (principal, permission) => tokens.require(principal, permission),
    holds: (principal, permission) => tokens.holds(principal, permission),
    onRevoked: (listener) => {
      const undo = tokens.onRevoked(listener)
      onStop(undo)
      return undo
    },
    request: async (type, data, principal) => {
      const definition = registry.request(type, 'control-master')
      if (!definition || definition.isLinkOnly) throw new ClusterError('unknown_type', `There is no request ${type}`)
      tokens.require(principal, definition.permission)
      check(definition.request, data, type)
      const outcome = await dispatcher.answer(definition, { to: routeOf(definition, data), data: Payload.ofValue(data) }, { caller: principal })
      return outcome instanceof Payload ? outcome.value : outcome
    },
    send: async (instanceId, line) => {
      const { slave_id: slaveId } = instances.require(instanceId)
      const link = slaveId === null ? undefined : slaves.link(slaveId)
      if (!link) throw new ClusterError('slave_not_connected', 'Slave containing instance is not connected')
      await link.send(sendRcon, { instance_id: instanceId, command: line })
    },
    sayCommand: (instanceId, text) => {
      const record = instances.get(instanceId)
      return record && sayCommand(templates.require(record.template).template, text)
    },
    followConsole: (instanceId, listener) => {
      const undo = consoles.listen(instanceId, (event) => {
        const { output } = event.data.value as EventOf<typeof instanceOutput>
        listener({ run: output.run, offset: output.offset, bytes: decodeBytes(output) })
      })
      onStop(undo)
      return undo
    },
  }
}
