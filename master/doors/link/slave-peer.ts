import type { RegisterSlave } from '../../../lib/link/handshake/shapes.ts'
import type { Static } from '@sinclair/typebox'
import { HandlerTable } from '../../../lib/link/handlers.ts'
import type { EventHandlers } from '../../../lib/link/handlers.ts'
import type { LinkOwner } from '../../../lib/link/link.ts'
import type { Link } from '../../../lib/link/link.ts'
import type { EventMessage } from '../../../lib/link/message.ts'
import { updateInstances } from '../../../lib/link/messages/instances.ts'
import { instanceOutput } from '../../../lib/link/messages/console.ts'
import type { SlaveInfo } from '../../../lib/link/messages/slaves.ts'
import type { Messages } from '../../../lib/link/messages/index.ts'
import type { Cluster } from '../../cluster.ts'
import { HeldOutput } from './held-output.ts'

type SlaveEvents = EventHandlers<Messages, 'slave-master', Link>

/** What the master does with what one slave sends. */
export function slavePeer(cluster: Cluster, registration: Static<typeof RegisterSlave>): LinkOwner {
  const { slaves, instances, assignments, consoles, status, hooks, pluginLink, log } = cluster
  const slaveId = registration.id
  const held = new HeldOutput()

  function report(work: Promise<unknown>): void {
    work.catch((error: unknown) => log.error('What a slave told could not be put on record', { slaveId, error: String(error) }))
  }

  function owns(instanceId: number): boolean {
    return instances.get(instanceId)?.slave_id === slaveId
  }

  function changed(): SlaveInfo | undefined {
    status.slaveChanged(slaveId)
    instances.slaveChanged(slaveId)
    const record = slaves.get(slaveId)
    if (!record) return undefined
    const slave = slaves.info(record, instances.countOf(slaveId))
    hooks.emit(slave.connected ? 'slave_connected' : 'slave_gone', { slave })
    hooks.emit('slaves_changed', {})
    return slave
  }

  /** A copy of a slave's config: given its instances, it would start them a second time. */
  function refuse(link: Link): void {
    const text = `Slave ${registration.name} runs from another data directory than the one that has its instances. If this is a copy of its config, `
      + 'join with a token of its own; if the old directory is gone for good, let an administrator send accept_data_directory (`ctl slave accept`)'
    log.warn(`Refused: ${text}`, { slaveId, address: link.channel.address })
    link.close(text)
  }

  /** What comes right behind an instance that is being taken in waits for it. */
  function output(event: EventMessage): void {
    const { to } = event
    if (to !== undefined && (held.has(to) || assignments.isComing(slaveId, to))) held.add(to, event)
    else consoles.output(slaveId, event)
  }

  const handlers: SlaveEvents = {
    update_instances: ({ instances: brought, draining, data_directory_id: dataDirectoryId }, link) => {
      if (!slaves.recognises(slaveId, dataDirectoryId)) return refuse(link)
      if (!slaves.has(slaveId, link)) {
        log.info(`Slave ${registration.name} has connected`, { slaveId, address: link.channel.address, instances: brought.length })
        report(slaves.connected(link, registration, dataDirectoryId))
      }
      slaves.setDraining(slaveId, draining)
      changed()
      const taken = (instanceId: number): void => {
        for (const event of held.take(instanceId)) consoles.output(slaveId, event)
      }
      report(assignments.reconcile(link, { slave_id: slaveId, data_directory_id: dataDirectoryId }, brought, taken).then(() => consoles.slaveConnected(slaveId)))
      void pluginLink.tell(slaveId, link)
    },
    instance_state_changed: ({ instance_id: instanceId, state }) => {
      report(assignments.stateTold(slaveId, instanceId, state))
    },
    player_activity: ({ instance_id: instanceId, kind, player, text = '' }) => {
      const record = owns(instanceId) ? instances.get(instanceId) : undefined
      if (!record) return
      const instance = instances.info(record)
      if (kind === 'chat') hooks.emit('chat', { instance, player, text })
      else hooks.emit(kind === 'join' ? 'player_joined' : 'player_left', { instance, player })
    },
    instance_output: () => {},
    plugin_failed: ({ name, where, message }) => pluginLink.failedOnSlave(name, slaveId, where, message),
    drain_changed: ({ draining }) => {
      slaves.setDraining(slaveId, draining)
      const slave = changed()
      if (slave) hooks.emit('config_changed', { of: 'slave', slave, field: 'draining' })
    },
  }
  const events = new HandlerTable<Link>(handlers)

  return {
    // Nothing but plugins' messages travels this way.
    answer: (definition, request) => pluginLink.answer(definition, request, slaveId),

    accept: (definition, event, link) => {
      // The one event that comes in masses is passed on without being parsed.
      if (definition.type === instanceOutput.type) {
        if (slaves.has(slaveId, link)) output(event)
      } else if (definition.type === updateInstances.type || slaves.has(slaveId, link)) {
        if (events.has(definition.type)) events.accept(definition, event.data, link)
        else pluginLink.accept(definition, event.data, { slaveId })
      }
    },

    connected: (isConnected, link) => {
      // The first connection is the registration's to tell of.
      if (!slaves.has(slaveId, link)) return
      log.info(`Slave ${registration.name} is ${isConnected ? 'connected' : 'away'}`, { slaveId })
      changed()
      if (isConnected) report(consoles.slaveConnected(slaveId))
      else report(slaves.seen(slaveId))
    },

    closed: (reason, link) => {
      if (!slaves.gone(slaveId, link)) return
      log.info(`Slave ${registration.name} has gone: ${reason}`, { slaveId })
      changed()
      report(slaves.seen(slaveId))
    },
  }
}
