import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { foreignTemplate, settingDefaults } from '../../lib/link/messages/config-groups.ts'
import type { InstanceConfig } from '../../lib/link/messages/instances.ts'
import { checkVariables, generateSecrets, resolveVariables } from '../../lib/template/variables.ts'
import type { Template } from '../../lib/template/schema.ts'
import type { Cluster } from '../cluster.ts'
import { movedTo, placeOf } from '../services/instance-record.ts'
import type { InstanceRecord } from '../services/instance-record.ts'
import { isAbsence } from '../slave-error.ts'
import type { ControlHandlers } from './context.ts'
import { checkOwnName } from './instance-fields.ts'

/** Answers what makes instances and gives them to slaves. */
export function creationHandlers({ instances, slaves, templates, assignments, consoles, log }: Cluster) {
  /** The connected slave with the fewest instances, of those that run games by templates. */
  function leastLoaded(): number {
    const candidates = slaves.list()
      .filter(({ id }) => slaves.tellsStates(id) && !slaves.isDraining(id))
      .sort((a, b) => instances.loadOf(a.id) - instances.loadOf(b.id))
    const [best] = candidates
    if (!best) throw new ClusterError('slave_not_connected', 'No slave is connected that takes new instances; see `ctl slave list`')
    return best.id
  }

  async function settle(record: InstanceRecord): Promise<void> {
    try {
      await assignments.pushIfThere(record)
    } catch (error) {
      const known = ClusterError.from(error)
      if (!isAbsence(known)) {
        // The slave can't have it: then it is not made at all.
        await instances.deletions.finish(record, placeOf(record))
        throw known
      }
      log.warn(`The new instance ${record.name} is on record, but its slave does not have it yet: ${known.message}`)
    }
  }

  function chosen(slaveId: number): number {
    const { name } = slaves.require(slaveId)
    if (slaves.isDraining(slaveId)) throw new ClusterError('wrong_state', `Slave ${name} is being drained and takes no new instances`)
    return slaveId
  }

  return {
    create_instance: async ({ name, template: templateId, slave_id: slaveId, variables = {}, ports = {}, ...rest }, { origin }) => {
      const made = origin && instances.madeBy(origin)
      if (made) return { instance: instances.info(made) }
      const template = templates.of({ template: templateId })
      if (template) checkOwnName(name, 'create_instance')
      const record = await instances.create({
        ...settingDefaults, ...rest, name,
        template: template?.id ?? foreignTemplate,
        slave_id: slaveId === undefined ? leastLoaded() : slaveId === null ? null : chosen(slaveId),
        variables: newVariables(template, variables),
        ports: knownPorts(template, ports),
        created_with: origin ?? null,
      }, settle)
      void consoles.assigned(record.slave_id)
      return { instance: instances.info(instances.require(record.id)) }
    },

    assign_instance_command: ({ instance_id: instanceId, slave_id: slaveId }) => instances.inTurn(instanceId, async () => {
      const before = instances.require(instanceId)
      chosen(slaveId)
      if (before.slave_id !== slaveId) expectStill(before.slave_id, instanceId)
      const record = await instances.configure(instanceId, (current) => movedTo(current, slaveId, (id) => slaves.get(id)))
      if (before.slave_id !== slaveId) instances.forgetState(instanceId)
      try {
        await assignments.pushIfThere(record)
      } catch (error) {
        const known = ClusterError.from(error)
        if (!isAbsence(known)) {
          const { slave_id: former, former_slaves: earlier = [] } = before
          await instances.configure(instanceId, (current) => ({ ...current, slave_id: former, former_slaves: earlier }))
          throw known
        }
        log.warn(`The instance ${record.name} is assigned, but its slave does not have it yet: ${known.message}`)
      }
      if (before.slave_id !== null && before.slave_id !== slaveId) logMove(record, before.slave_id, slaveId)
      void consoles.assigned(slaveId)
      return {}
    }),
  } satisfies Partial<ControlHandlers>

  function logMove({ id, name }: InstanceRecord, from: number, to: number): void {
    const [before, after] = [from, to].map((slaveId) => slaves.get(slaveId)?.name ?? String(slaveId))
    log.info(`The instance ${name} (${id}) is assigned to ${after}; ${before} keeps the data that it has of it until the instance is deleted`)
  }

  /** A game that may run at its slave must not be started at another. */
  function expectStill(slaveId: number | null, instanceId: number): void {
    if (slaveId === null) return
    const record = instances.require(instanceId)
    const { status, desired } = instances.state(record)
    if (desired === 'stopped' && (status === 'stopped' || status === 'unknown' || status === 'crashed')) return
    throw new ClusterError('wrong_state', `The instance ${record.name} is ${status} on slave ${slaves.get(slaveId)?.name ?? slaveId}; stop it there first`)
  }
}

/** What is kept of a new instance's variables: what was given, and fresh secrets; defaults stay the template's. */
function newVariables(template: Template | undefined, given: Record<string, unknown>): InstanceConfig['variables'] {
  if (!template) {
    if (Object.keys(given).length > 0) throw new ClusterError('invalid_variable', 'Variables are a template\'s, and the instance names none')
    return {}
  }
  const variables = { ...checkVariables(template, given), ...generateSecrets(template, given) }
  resolveVariables(template, variables)
  return variables
}

function knownPorts(template: Template | undefined, ports: Record<string, number>): Record<string, number> {
  const known = Object.keys(template?.ports ?? {})
  for (const name of Object.keys(ports)) {
    if (!known.includes(name)) throw new ClusterError('invalid_variable', `The template has no port "${name}"; it has ${known.join(', ') || 'none'}`)
  }
  return ports
}
