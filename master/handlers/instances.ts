import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { deleteInstance } from '../../lib/link/messages/instances.ts'
import type { InstanceConfig } from '../../lib/link/messages/instances.ts'
import { checkVariables, generateSecrets, resolveVariables, withoutSecrets } from '../../lib/template/variables.ts'
import type { Template } from '../../lib/template/schema.ts'
import type { Cluster } from '../cluster.ts'
import type { InstanceRecord } from '../services/instances.ts'
import { slaveError } from '../slave-error.ts'
import { linkOf } from './context.ts'
import type { ControlHandlers } from './context.ts'
import { withField, withFieldOf } from './instance-fields.ts'

const defaultConsoleLimitBytes = 64 * 1024 * 1024

export function instanceHandlers({ instances, slaves, templates, assignments, status, tokens, log }: Cluster) {
  /** The connected slave with the fewest instances. */
  function leastLoaded(): number {
    const counts = instances.countBySlave()
    const candidates = slaves.list()
      .filter(({ id }) => slaves.link(id) && !slaves.isDraining(id))
      .sort((a, b) => (counts.get(a.id) ?? 0) - (counts.get(b.id) ?? 0))
    const [best] = candidates
    if (!best) throw new ClusterError('slave_not_connected', 'No slave is connected that takes new instances; see `ctl slave list`')
    return best.id
  }

  function chosen(slaveId: number): number {
    const { name } = slaves.require(slaveId)
    if (slaves.isDraining(slaveId)) throw new ClusterError('wrong_state', `Slave ${name} is being drained and takes no new instances`)
    return slaveId
  }

  async function push(record: InstanceRecord): Promise<void> {
    const link = record.slave_id === null ? undefined : slaves.link(record.slave_id)
    // A slave that is away gets it when it connects.
    if (link) await assignments.push(link, record)
  }

  function configOf(record: InstanceRecord, showsSecrets: boolean): InstanceConfig {
    const { desired: _desired, created_with: _key, ...config } = record
    const { template } = templates.require(record.template)
    const variables = resolveVariables(template, config.variables)
    return { ...config, variables: showsSecrets ? variables : withoutSecrets(template, variables) }
  }

  return {
    list_instances: () => ({ list: instances.list().map((record) => instances.info(record)) }),

    create_instance: async ({ name, template: templateId, slave_id: slaveId, variables = {}, ports = {}, ...rest }, { key }) => {
      const { template } = templates.require(templateId)
      const record = await instances.create({
        name,
        template: template.id,
        slave_id: slaveId === undefined ? leastLoaded() : chosen(slaveId),
        variables: newVariables(template, variables),
        ports: knownPorts(template, ports),
        restart_policy: rest.restart_policy ?? 'on-failure',
        console_limit_bytes: rest.console_limit_bytes ?? defaultConsoleLimitBytes,
        created_with: key ?? null,
      })
      try {
        await push(record)
      } catch (error) {
        const known = ClusterError.from(error)
        if (!isAbsence(known)) {
          // The slave can't have it: then it is not made at all.
          await instances.delete(record, true)
          throw known
        }
        log.warn(`The new instance ${name} is on record, but its slave does not have it yet: ${known.message}`)
      }
      return { instance: instances.info(instances.require(record.id)) }
    },

    delete_instance: async ({ instance_id: instanceId, force = false }) => {
      const record = instances.require(instanceId)
      await instances.leaving(instanceId, async () => {
        const link = record.slave_id === null ? undefined : slaves.link(record.slave_id)
        if (link) {
          await instances.intendDeletion(record)
          try {
            await link.send(deleteInstance, { instance_id: instanceId }, { deadlineMs: deleteInstance.deadlineMs })
          } catch (error) {
            // What was refused is not to happen; what is in doubt is finished when the slave is back.
            if (!isAbsence(ClusterError.from(error))) await instances.forgetDeleted(instanceId)
            throw slaveError(deleteInstance.type, error)
          }
        } else if (record.slave_id !== null && !force) {
          throw new ClusterError('slave_not_connected', 'Slave containing instance is not connected; with --force it is deleted here now, and there when the slave comes back')
        }
        await instances.delete(record, !link)
      })
      return {}
    },

    get_instance_config: ({ instance_id: instanceId }, { caller }) => {
      const record = instances.require(instanceId)
      return { config: configOf(record, tokens.holds(caller, 'instance.config')) }
    },

    set_instance_config_field: async ({ instance_id: instanceId, field, value }) => {
      const { template } = templates.require(instances.require(instanceId).template)
      const before = instances.require(instanceId)
      const record = await instances.configure(instanceId, (current) => withField(current, template, field, value))
      try {
        await push(record)
      } catch (error) {
        const known = ClusterError.from(error)
        if (!isAbsence(known)) {
          // What its slave can't have is not kept here either.
          await instances.configure(instanceId, (current) => withFieldOf(current, before, field))
          throw known
        }
        log.warn(`The instance ${record.name} is changed, but its slave does not know yet: ${known.message}`)
      }
      return { config: configOf(record, true) }
    },

    set_status_subscription: ({ enabled }, context) => {
      const link = linkOf(context)
      if (enabled) status.subscribe(link)
      else status.unsubscribe(link)
      return {}
    },
  } satisfies Partial<ControlHandlers>
}

/** Whether the slave could not be asked, rather than has refused: it is told when it comes back. */
function isAbsence({ code }: ClusterError): boolean {
  return code === 'link_closed' || code === 'session_lost' || code === 'deadline'
}

/** What is kept of a new instance's variables: what was given, and fresh secrets; defaults stay the template's. */
function newVariables(template: Template, given: Record<string, unknown>): InstanceConfig['variables'] {
  const variables = { ...checkVariables(template, given), ...generateSecrets(template, given) }
  resolveVariables(template, variables)
  return variables
}

function knownPorts(template: Template, ports: Record<string, number>): Record<string, number> {
  for (const name of Object.keys(ports)) {
    if (!Object.hasOwn(template.ports ?? {}, name)) {
      throw new ClusterError('invalid_variable', `The template has no port "${name}"; it has ${Object.keys(template.ports ?? {}).join(', ') || 'none'}`)
    }
  }
  return ports
}
