import { Ajv } from 'ajv'
import type { ErrorObject, ValidateFunction } from 'ajv'
import type { Static, TSchema } from '@sinclair/typebox'
import { ClusterError } from '../errors/cluster-error.ts'
import type { ErrorCode } from '../errors/codes.ts'

// ownProperties: without it `required: ['toString']` is met by any object.
// verbose: errors carry their schema, which may say in words what its pattern asks for.
const ajv = new Ajv({ ownProperties: true, verbose: true, strict: false, allErrors: false, meta: false, validateSchema: false })
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

/** The value, typed. Throws `invalid_request`, or another code, that names the field when it does not fit. */
export function check<S extends TSchema>(schema: S, value: unknown, what: string, code: ErrorCode = 'invalid_request'): Static<S> {
  const validate = validatorOf(schema)
  if (validate(value)) return value
  const problem = describe(validate.errors ?? [])
  throw new ClusterError(code === 'invalid_request' ? problem.code ?? code : code, `${what}: ${problem.text}`, { details: { field: problem.field } })
}

interface Problem {
  readonly field: string
  readonly text: string
  /** Of schemas whose values have an error of their own. */
  readonly code?: ErrorCode
}

/** Names that a peer made up are quoted up to this length. */
const maxQuotedLength = 64

function describe(errors: readonly ErrorObject[]): Problem {
  const [error] = errors
  if (!error) return { field: '', text: 'does not fit its definition' }
  const path = fieldOf(error.instancePath)
  const within = (name: string): string => shorten(path ? `${path}.${name}` : name)
  if (error.keyword === 'additionalProperties') {
    const field = within(String(error.params.additionalProperty))
    return { field, text: `unknown field "${field}"` }
  }
  if (error.keyword === 'required') {
    const field = within(String(error.params.missingProperty))
    return { field, text: `"${field}" is missing` }
  }
  const field = shorten(path)
  const at = field ? `"${field}" ` : ''
  if (error.keyword === 'pattern') return { field, ...patternProblem(at, error) }
  if (error.keyword === 'enum') return { field, text: `${at}must be one of ${(error.params.allowedValues as unknown[]).join(', ')}` }
  const bounds = boundsText(error)
  if (bounds !== undefined) return { field, text: `${at}must ${bounds}` }
  const types = alternatives(errors, error.instancePath)
  if (types.length > 1) return { field, text: `${at}must be ${types.join(' or ')}` }
  return { field, text: `${at}${error.message ?? 'does not fit'}` }
}

/** A pattern says nothing to people: schemas with one have its meaning as `x-must`, and their error's code as `x-code`. */
function patternProblem(at: string, { message, parentSchema, data }: ErrorObject): Omit<Problem, 'field'> {
  const { 'x-must': must, 'x-code': code } = (parentSchema ?? {}) as { 'x-must'?: string; 'x-code'?: ErrorCode }
  if (must === undefined) return { text: `${at}${message ?? 'does not fit'}` }
  return { text: `${at}must ${must}, not ${JSON.stringify(shorten(String(data)))}`, ...(code === undefined ? {} : { code }) }
}

/** What a value that is too small or too large, short or long must be. */
function boundsText({ keyword, params, parentSchema }: ErrorObject): string | undefined {
  const { minimum, maximum } = (parentSchema ?? {}) as { minimum?: number; maximum?: number }
  const limit = Number(params.limit)
  const characters = limit === 1 ? 'character' : 'characters'
  switch (keyword) {
    case 'minLength':
      return limit === 1 ? 'not be empty' : `have at least ${limit} ${characters}`
    case 'maxLength':
      return `have at most ${limit} ${characters}`
    case 'minimum':
      return maximum === undefined ? `be at least ${limit}` : `be from ${limit} to ${maximum}`
    case 'maximum':
      return minimum === undefined ? `be at most ${limit}` : `be from ${minimum} to ${limit}`
    default:
      return undefined
  }
}

/** The types that a union allows, where it was refused for its type alone. */
function alternatives(errors: readonly ErrorObject[], path: string): string[] {
  const union = errors.at(-1)
  if (union?.keyword !== 'anyOf' || union.instancePath !== path) return []
  const branches = errors.slice(0, -1)
  return branches.every(({ keyword, instancePath }) => keyword === 'type' && instancePath === path)
    ? branches.map(({ params }) => String(params.type))
    : []
}

/** A JSON pointer as people write it: `output.lines.0`. */
function fieldOf(pointer: string): string {
  return pointer.slice(1).split('/').map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~')).join('.')
}

function shorten(text: string): string {
  return text.length > maxQuotedLength ? `${text.slice(0, maxQuotedLength)}…` : text
}
