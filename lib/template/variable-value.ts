import { compileRegex } from './regex.ts'
import type { Variable, VariableValue } from './schema-variables.ts'

const LENGTH_LIMIT = 1024
// C0 and C1 controls and DEL, and the two separators that some readers take for line ends.
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/u
const CONTROL_BUT_LINES = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/u

/**
 * A value as it was given, in the type that its variable has. Texts become numbers and booleans (a command line
 * has only texts), numbers become texts; what cannot be turned comes back as it was, for {@link variableProblem}.
 */
export function coerce({ type }: Variable, given: unknown): unknown {
  if (type === 'string' || type === 'secret') {
    return typeof given === 'number' || typeof given === 'boolean' ? String(given) : given
  }
  if (typeof given !== 'string') return given
  const text = given.trim()
  if (type === 'boolean') {
    if (/^(?:true|yes|on)$/i.test(text)) return true
    return /^(?:false|no|off)$/i.test(text) ? false : given
  }
  return /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i.test(text) ? Number(text) : given
}

/** Why `value` does not fit its variable ("must be …"), or undefined when it fits. */
export function variableProblem(variable: Variable, value: unknown): string | undefined {
  switch (variable.type) {
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'must be true or false'
    case 'integer':
    case 'number':
      return numberProblem(variable, value)
    default:
      return typeof value === 'string' ? textProblem(variable, value) : 'must be a text'
  }
}

/** Narrows what {@link variableProblem} found nothing against. */
export function isFitting(variable: Variable, value: unknown): value is VariableValue {
  return variableProblem(variable, value) === undefined
}

function numberProblem({ type, min, max }: Variable, value: unknown): string | undefined {
  if (typeof value !== 'number' || !Number.isFinite(value)) return type === 'integer' ? 'must be a whole number' : 'must be a number'
  if (type === 'integer' && !Number.isSafeInteger(value)) return 'must be a whole number'
  if (min !== undefined && value < min) return `must be at least ${min}`
  if (max !== undefined && value > max) return `must be at most ${max}`
  return undefined
}

function textProblem(variable: Variable, value: string): string | undefined {
  const { enum: allowed, pattern, min_length: min = 0, max_length: max = LENGTH_LIMIT, multiline = false } = variable
  if (value.length < min) return `must have at least ${min} characters`
  if (value.length > max) return `must have at most ${max} characters`
  // A value that goes into a config file line by line must not be able to add a line.
  if ((multiline ? CONTROL_BUT_LINES : CONTROL).test(value)) {
    return multiline ? 'must not contain control characters' : 'must be one line without control characters'
  }
  if (allowed !== undefined && !allowed.includes(value)) return `must be one of ${allowed.join(', ')}`
  if (pattern !== undefined && !compileRegex(pattern).test(value)) return `must match ${pattern}`
  return undefined
}
