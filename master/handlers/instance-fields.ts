import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { InstanceConfig } from '../../lib/link/messages/instances.ts'
import { check } from '../../lib/link/validate.ts'
import type { Template } from '../../lib/template/schema.ts'
import { checkVariables, generateSecrets, resolveVariables } from '../../lib/template/variables.ts'
import { nearest } from '../../lib/text/nearest.ts'
import type { InstanceRecord } from '../services/instances.ts'

const plainFields = ['name', 'restart_policy', 'console_limit_bytes'] as const
const defaults = { restart_policy: 'on-failure', console_limit_bytes: 64 * 1024 * 1024 }

/** The record with one field set from text, or put back to its default with null. Throws `invalid_request`, `invalid_variable`. */
export function withField(record: InstanceRecord, template: Template, field: string, value: string | null): InstanceRecord {
  const [group, name] = split(field)
  if (group === 'variables') {
    const { [name]: _before, ...others } = record.variables
    const given = checkVariables(template, value === null ? others : { ...others, [name]: value })
    const variables = { ...given, ...generateSecrets(template, given) }
    resolveVariables(template, variables)
    return { ...record, variables }
  }
  if (group === 'ports') {
    if (!Object.hasOwn(template.ports ?? {}, name)) throw unknownField(field, template)
    const { [name]: _before, ...others } = record.ports
    return checked({ ...record, ports: value === null ? others : { ...others, [name]: toInteger(field, value) } }, field)
  }
  if (field === 'name' && value !== null) return checked({ ...record, name: value }, field)
  if (field === 'restart_policy') return checked({ ...record, restart_policy: (value ?? defaults.restart_policy) as InstanceRecord['restart_policy'] }, field)
  if (field === 'console_limit_bytes') return checked({ ...record, console_limit_bytes: value === null ? defaults.console_limit_bytes : toInteger(field, value) }, field)
  throw unknownField(field, template)
}

/** The record with one field as another state of it has it. */
export function withFieldOf(record: InstanceRecord, other: InstanceRecord, field: string): InstanceRecord {
  const [group] = split(field)
  return { ...record, [group]: other[group as keyof InstanceRecord] }
}

function split(field: string): [string, string] {
  const dot = field.indexOf('.')
  return dot < 0 ? [field, ''] : [field.slice(0, dot), field.slice(dot + 1)]
}

function toInteger(field: string, value: string): number {
  if (!/^\d{1,15}$/.test(value)) throw new ClusterError('invalid_request', `"${field}" must be a whole number, not "${value}"`)
  return Number(value)
}

function checked(record: InstanceRecord, field: string): InstanceRecord {
  check(InstanceConfig, record, `Field "${field}"`)
  return record
}

function unknownField(field: string, template: Template): ClusterError {
  const known = [
    ...plainFields,
    ...Object.keys(template.variables ?? {}).map((name) => `variables.${name}`),
    ...Object.keys(template.ports ?? {}).map((name) => `ports.${name}`),
  ]
  const near = nearest(field, known)
  return new ClusterError('invalid_request', `An instance has no field "${field}"${near ? `; did you mean "${near}"?` : ''} It has ${known.join(', ')}`)
}
