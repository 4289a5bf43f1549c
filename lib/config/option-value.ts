import { ClusterError } from '../errors/cluster-error.ts'
import type { Field } from './field.ts'
import { notText } from './load.ts'

/** What the text of an option of the command line means for the field that it stands in for. Throws `invalid_request`. */
export function optionValue<T>(field: Field<T>, option: string, text: string | undefined): T | undefined {
  if (text === undefined) return undefined
  const value = field.parse(text)
  const problem = field.problem(value)
  if (problem !== undefined) throw new ClusterError('invalid_request', `--${option} must be ${problem}${notText(field, text)}`)
  return value as T
}
