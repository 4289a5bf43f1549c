import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { parseJson } from '../../lib/json/parse-json.ts'
import { withGroupValue } from '../../lib/link/messages/serialized-config.ts'
import type { InstanceRecord } from '../services/instance-record.ts'

/** Whether another program keeps fields in this group with the instance. */
export function hasGroup({ config_groups: groups = [] }: InstanceRecord, group: string): boolean {
  return groups.some(({ name }) => name === group)
}

/**
 * The record with one field of another program's group set from text, or null. What type the field has, only that program
 * knows: it stays what the value is that is there. Throws `invalid_request` where the text is nothing of that type.
 */
export function withGroupField(record: InstanceRecord, group: string, field: string, text: string | null): InstanceRecord {
  const groups = record.config_groups ?? []
  const found = groups.find(({ name }) => name === group)
  const value = text === null ? null : typed(`${group}.${field}`, text, found?.fields[field])
  return { ...record, config_groups: withGroupValue(groups, group, field, value) }
}

function typed(field: string, text: string, before: unknown): unknown {
  if (typeof before === 'string' || before === null || before === undefined) return text
  const value = parsed(text)
  const isSame = typeof value === typeof before && Array.isArray(value) === Array.isArray(before) && value !== null
  if (!isSame) throw new ClusterError('invalid_request', `"${field}" is ${JSON.stringify(before)?.slice(0, 64)} now; "${text.slice(0, 64)}" is no value of that type`)
  return value
}

function parsed(text: string): unknown {
  try {
    return parseJson(text)
  } catch {
    return undefined
  }
}
