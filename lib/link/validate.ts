import { Ajv } from 'ajv'
import type { ErrorObject, ValidateFunction } from 'ajv'
import type { Static, TSchema } from '@sinclair/typebox'
import { ClusterError } from '../errors/cluster-error.ts'

// ownProperties: without it `required: ['toString']` is met by any object.
const ajv = new Ajv({ ownProperties: true, strict: false, allErrors: false })
const compiled = new WeakMap<TSchema, ValidateFunction>()

function validatorOf(schema: TSchema): ValidateFunction {
  // A compilation costs milliseconds, so only what is used is compiled.
  let validate = compiled.get(schema)
  if (!validate) {
    validate = ajv.compile(schema)
    compiled.set(schema, validate)
  }
  return validate
}

/** Whether a value fits a schema. */
export function fits<S extends TSchema>(schema: S, value: unknown): value is Static<S> {
  return validatorOf(schema)(value)
}

/** The value, typed. Throws `invalid_request` that names the field when it does not fit. */
export function check<S extends TSchema>(schema: S, value: unknown, what: string): Static<S> {
  const validate = validatorOf(schema)
  if (validate(value)) return value as Static<S>
  const problem = describe(validate.errors?.[0])
  throw new ClusterError('invalid_request', `${what}: ${problem.text}`, { details: { field: problem.field } })
}

function describe(error: ErrorObject | undefined): { field: string; text: string } {
  if (!error) return { field: '', text: 'does not fit its definition' }
  const field = error.instancePath.slice(1).replaceAll('/', '.')
  const at = field ? `"${field}" ` : ''
  if (error.keyword === 'additionalProperties') {
    const extra = String(error.params.additionalProperty)
    return { field: field ? `${field}.${extra}` : extra, text: `unknown field "${extra}"` }
  }
  if (error.keyword === 'required') {
    const missing = String(error.params.missingProperty)
    return { field: field ? `${field}.${missing}` : missing, text: `"${missing}" is missing` }
  }
  if (error.keyword === 'enum') return { field, text: `${at}must be one of ${(error.params.allowedValues as unknown[]).join(', ')}` }
  return { field, text: `${at}${error.message ?? 'does not fit'}` }
}
