import { decodeBytes } from '../../lib/link/console-bytes.ts'
import { routeOf } from '../../lib/link/define.ts'
import { sendRcon } from '../../lib/link/messages/console.ts'
import { Payload } from '../../lib/link/payload.ts'
import type { Registry } from '../../lib/link/registry.ts'
import { check } from '../../lib/link/validate.ts'
import type { ClusterView } from '../../lib/plugin/cluster-view.ts'
import type { PluginGuard } from '../../lib/plugin/guard.ts'
import type { UndoList } from '../../lib/plugin/undo.ts'
import { sayCommand } from '../../lib/template/render.ts'
import type { Cluster } from '../cluster.ts'
import type { Dispatcher } from '../dispatcher.ts'
import { slaveAway } from '../slave-error.ts'

/** The cluster for one plugin: its listeners run inside the guard, and end with the list. */
export function clusterView(cluster: Cluster, dispatcher: Dispatcher, registry: Registry, guard: PluginGuard, undo: UndoList): ClusterView {
  const { slaves, instances, tokens, users, access, templates, consoles } = cluster
  return {
    slaves: () => slaves.list().map((record) => slaves.info(record, instances.countOf(record.id))),
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
    authenticateUser: (name, password) => users.authenticate(name, password),
    changePassword: (principal, oldPassword, newPassword) => users.changePassword(principal, oldPassword, newPassword),
    isInForce: (principal) => access.isInForce(principal),
    require: (principal, permission) => access.require(principal, permission),
    holds: (principal, permission) => access.holds(principal, permission),
    onRevoked: (listener) => undo.add(tokens.onRevoked((tokenId) => guard.call('revoked token', () => listener(tokenId)))),
    request: async (type, data, principal) => {
      const definition = registry.request(type, 'control-master')
      if (!definition || definition.isLinkOnly) throw registry.missing(type, 'of controls')
      access.require(principal, definition.permission)
      check(definition.request, data, type)
      const outcome = await dispatcher.answer(definition, { to: routeOf(definition, data), data: Payload.ofValue(data) }, { caller: principal })
      return outcome instanceof Payload ? outcome.value : outcome
    },
    send: async (instanceId, line) => {
      const { slave_id: slaveId } = instances.require(instanceId)
      const link = slaveId === null ? undefined : slaves.link(slaveId)
      if (!link) throw slaveAway(slaves, slaveId)
      await link.send(sendRcon, { instance_id: instanceId, command: line })
    },
    sayCommand: (instanceId, text) => {
      const record = instances.get(instanceId)
      const template = record && templates.find(record)
      return template && sayCommand(template, text)
    },
    followConsole: (instanceId, listener) => {
      const stop = consoles.listen(instanceId, (output) => {
        guard.call('console', () => listener({ run: output.run, offset: output.offset, bytes: decodeBytes(output) }))
      })
      return undo.add(stop)
    },
  }
}
