import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { deleteInstance } from '../../lib/link/messages/instances.ts'
import type { InstanceConfig } from '../../lib/link/messages/instances.ts'
import type { Template } from '../../lib/template/schema.ts'
import { secretMask } from '../../lib/template/secret-mask.ts'
import { resolveVariables, withoutSecrets } from '../../lib/template/variables.ts'
import type { Cluster } from '../cluster.ts'
import type { Caller } from '../services/access.ts'
import { placeOf } from '../services/instance-record.ts'
import type { InstanceRecord } from '../services/instance-record.ts'
import { isAbsence, slaveAway, slaveError } from '../slave-error.ts'
import { linkOf } from './context.ts'
import type { ControlHandlers } from './context.ts'
import { creationHandlers } from './instance-creation.ts'
import { withField, withFieldOf } from './instance-fields.ts'

export function instanceHandlers(cluster: Cluster) {
  const { instances, slaves, templates, assignments, status, access, hooks, log } = cluster

  function configOf(record: InstanceRecord, caller: Caller, { secrets = false, stored = false } = {}): InstanceConfig {
    const { desired: _desired, created_with: _key, former_slaves: _former, config_groups: groups, ...config } = record
    const mayChange = access.holds(caller, 'instance.config')
    return {
      ...config,
      variables: shownVariables(record, { isWhole: secrets && mayChange, isStored: stored }),
      // What of other programs' groups is secret, only they know.
      ...(groups && mayChange ? { config_groups: groups } : {}),
    }
  }

  function shownVariables(record: InstanceRecord, { isWhole, isStored }: { isWhole: boolean; isStored: boolean }): InstanceConfig['variables'] {
    const template = templates.find(record)
    // Which of them are secret, only the template knows.
    if (!template) return isWhole ? record.variables : masked(record.variables)
    const variables = isStored ? record.variables : resolvedWherePossible(template, record.variables)
    return isWhole ? variables : withoutSecrets(template, variables)
  }

  return {
    ...creationHandlers(cluster),

    list_instances: () => ({ list: instances.list().map((record) => instances.info(record)) }),

    delete_instance: async ({ instance_id: instanceId, force = false }) => {
      await instances.leaving(instanceId, () => instances.inTurn(instanceId, async () => {
        const record = instances.require(instanceId)
        const hasSlave = record.slave_id !== null && slaves.get(record.slave_id) !== undefined
        const link = record.slave_id === null ? undefined : slaves.link(record.slave_id)
        if (link) {
          await instances.deletions.intend(record)
          try {
            await assignments.deleteThere(link, instanceId)
          } catch (error) {
            // What was refused is not to happen; what is in doubt is finished when the slave is back.
            if (!isAbsence(ClusterError.from(error))) await instances.deletions.forget(instanceId)
            throw slaveError(deleteInstance.type, error)
          }
        } else if (hasSlave && !force) {
          throw slaveAway(slaves, record.slave_id)
        }
        await instances.deletions.finish(record, hasSlave && !link ? undefined : placeOf(record))
        log.info(`The instance ${record.name} (${instanceId}) is deleted`)
        await assignments.deleteElsewhere(record)
      }))
      return {}
    },

    get_instance_config: ({ instance_id: instanceId, secrets = false, stored = false }, { caller }) => {
      const record = instances.require(instanceId)
      return { config: configOf(record, caller, { secrets, stored }) }
    },

    set_instance_config_field: ({ instance_id: instanceId, field, value }, { caller }) => instances.inTurn(instanceId, async () => {
      const before = instances.require(instanceId)
      const record = await instances.configure(instanceId, (current) => withField(current, templates, field, value))
      try {
        await assignments.pushIfThere(record)
      } catch (error) {
        const known = ClusterError.from(error)
        if (!isAbsence(known)) {
          // What its slave can't have is not kept here either.
          await instances.configure(instanceId, (current) => withFieldOf(current, before, field))
          throw known
        }
        log.warn(`The instance ${record.name} is changed, but its slave does not know yet: ${known.message}`)
      }
      hooks.emit('config_changed', { of: 'instance', instance: instances.info(record), field })
      return { config: configOf(record, caller) }
    }),

    set_status_subscription: ({ enabled }, context) => {
      const link = linkOf(context)
      if (enabled) status.subscribe(link)
      else status.unsubscribe(link)
      return {}
    },
  } satisfies Partial<ControlHandlers>
}

/** What another program has given an instance may not be what its template wants: then it is shown as it is. */
function resolvedWherePossible(template: Template, given: InstanceConfig['variables']): InstanceConfig['variables'] {
  try {
    return resolveVariables(template, given)
  } catch {
    return given
  }
}

function masked(variables: InstanceConfig['variables']): InstanceConfig['variables'] {
  return Object.fromEntries(Object.keys(variables).map((name) => [name, secretMask]))
}
