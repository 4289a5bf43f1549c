import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { foreignTemplate, settingDefaults } from '../../lib/link/messages/config-groups.ts'
import { InstanceConfig } from '../../lib/link/messages/instances.ts'
import { ungroupedField, withoutGroupValue } from '../../lib/link/messages/serialized-config.ts'
import { Name, strict } from '../../lib/link/messages/shapes.ts'
import { check } from '../../lib/link/validate.ts'
import type { Template } from '../../lib/template/schema.ts'
import { checkVariables, generateSecrets, resolveVariables } from '../../lib/template/variables.ts'
import { didYouMean, nearest } from '../../lib/text/nearest.ts'
import type { InstanceRecord } from '../services/instance-record.ts'
import type { TemplateService } from '../services/templates.ts'
import { hasGroup, withGroupField } from './config-groups.ts'

const plainFields = ['name', 'restart_policy', 'console_limit_bytes'] as const
const OwnName = strict({ name: Name })

/**
 * The record with one field set from text, or put back to its default with null. Fields go by their own name or by that
 * of their group (`corral.variables.x`). Throws `invalid_request`, `invalid_variable`.
 */
export function withField(record: InstanceRecord, templates: TemplateService, given: string, value: string | null): InstanceRecord {
  const field = ungroupedField(given)
  const template = templates.find(record)
  const [group, name] = split(field)
  if (field === 'instance.id') throw new ClusterError('invalid_request', 'The id of an instance is for life')
  if (field === 'instance.assigned_slave') throw new ClusterError('invalid_request', 'An instance is assigned with assign_instance_command (`ctl instance assign`)')
  if (template && group === 'variables') return withVariable(record, template, name, value)
  if (template && group === 'ports') return withPort(record, template, name, value)
  if (field === 'name') return withName(record, value)
  if (field === 'restart_policy') return checked({ ...record, restart_policy: (value ?? settingDefaults.restart_policy) as InstanceRecord['restart_policy'] }, field)
  if (field === 'console_limit_bytes') return checked({ ...record, console_limit_bytes: value === null ? settingDefaults.console_limit_bytes : toInteger(field, value) }, field)
  if (field === 'template' && !template && value !== null) return withTemplate(record, templates, value)
  if (name !== '' && field === given && isOthersField(record, template, field)) return withGroupField(record, group, name, value)
  // A template that is gone: what was meant for it is kept as it is given.
  if (record.template !== foreignTemplate && !template && (group === 'variables' || group === 'ports')) return withRawValue(record, group, name, value)
  throw unknownField(field, template)
}

/** The record with one field as another state of it has it. */
export function withFieldOf(record: InstanceRecord, other: InstanceRecord, given: string): InstanceRecord {
  const [group, name] = split(ungroupedField(given))
  if (group === 'template') return { ...record, template: other.template, variables: other.variables, ports: other.ports }
  const isOurs = name === '' || group === 'variables' || group === 'ports'
  const restored = isOurs ? { ...record, [group]: other[group as keyof InstanceRecord] } : record
  // A name may be kept in a group, where it is none of ours.
  if (isOurs && group !== 'name') return restored
  const { config_groups: _changed, ...rest } = restored
  return other.config_groups ? { ...rest, config_groups: other.config_groups } : rest
}

/** Whether a field is another program's: of a group that it has, or of a new one that is no slip of ours. */
function isOthersField(record: InstanceRecord, template: Template | undefined, field: string): boolean {
  const [group] = split(field)
  if (hasGroup(record, group)) return true
  if (['corral', 'variables', 'ports'].includes(group)) return false
  return template === undefined || group === 'instance' || nearest(field, knownFields(template)) === undefined
}

/** Throws `invalid_name` for a name that file systems and shells can't bear. */
export function checkOwnName(name: string, what: string): void {
  check(OwnName, { name }, what)
}

function withName(record: InstanceRecord, name: string | null): InstanceRecord {
  if (name === null) throw new ClusterError('invalid_request', 'An instance must have a name; give one')
  const groups = withoutGroupValue(record.config_groups ?? [], 'instance', 'name')
  return checked({ ...record, name, ...(record.config_groups ? { config_groups: groups } : {}) }, 'name')
}

function withRawValue(record: InstanceRecord, group: 'variables' | 'ports', name: string, value: string | null): InstanceRecord {
  const { [name]: _before, ...others } = record[group]
  const given = value === null ? {} : { [name]: group === 'ports' ? toInteger(`ports.${name}`, value) : value }
  return checked({ ...record, [group]: { ...others, ...given } }, `${group}.${name}`)
}

function withVariable(record: InstanceRecord, template: Template, name: string, value: string | null): InstanceRecord {
  const { [name]: _before, ...others } = record.variables
  const given = checkVariables(template, value === null ? others : { ...others, [name]: value })
  const variables = { ...given, ...generateSecrets(template, given) }
  resolveVariables(template, variables)
  return { ...record, variables }
}

function withPort(record: InstanceRecord, template: Template, name: string, value: string | null): InstanceRecord {
  const field = `ports.${name}`
  if (!Object.hasOwn(template.ports ?? {}, name)) throw unknownField(field, template)
  const { [name]: _before, ...others } = record.ports
  return checked({ ...record, ports: value === null ? others : { ...others, [name]: toInteger(field, value) } }, field)
}

/** From now on Corral knows the game. Variables that the template lacks defaults for are set afterwards. */
function withTemplate(record: InstanceRecord, templates: TemplateService, id: string): InstanceRecord {
  const { template } = templates.require(id)
  checkOwnName(record.name, 'An instance of this template')
  return { ...record, template: id, variables: generateSecrets(template, {}), ports: {} }
}

function split(field: string): [string, string] {
  const dot = field.indexOf('.')
  return dot < 0 ? [field, ''] : [field.slice(0, dot), field.slice(dot + 1)]
}

function toInteger(field: string, value: string): number {
  if (!/^\d+$/.test(value)) throw new ClusterError('invalid_request', `"${field}" must be a whole number, not "${value}"`)
  return Number(value)
}

function checked(record: InstanceRecord, field: string): InstanceRecord {
  check(InstanceConfig, record, `Field "${field}"`)
  if (record.template !== foreignTemplate) checkOwnName(record.name, `Field "${field}"`)
  return record
}

function knownFields(template: Template | undefined): string[] {
  return [
    ...plainFields,
    ...(template ? [] : ['template']),
    ...Object.keys(template?.variables ?? {}).map((name) => `variables.${name}`),
    ...Object.keys(template?.ports ?? {}).map((name) => `ports.${name}`),
  ]
}

function unknownField(field: string, template: Template | undefined): ClusterError {
  const known = knownFields(template)
  return new ClusterError('invalid_request', `An instance has no field "${field}"${didYouMean(field, known)}; it has ${known.join(', ')}`)
}
