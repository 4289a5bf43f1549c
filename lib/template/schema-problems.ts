import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import { didYouMean } from '../text/nearest.ts'
import type { Path, TemplateProblem } from './problems.ts'
import { Template } from './schema.ts'

let compiled: ValidateFunction | undefined

/** What the schema has against `value`; empty when it is a template as far as the schema can tell. Fills in defaults in `value`. */
export function schemaProblems(value: unknown): TemplateProblem[] {
  // Compiled at the first use: programs that never look at a template should not pay for it.
  compiled ??= new Ajv({ allErrors: true, verbose: true, useDefaults: true, ownProperties: true }).compile(Template)
  if (compiled(value)) return []
  const errors = compiled.errors ?? []
  const unions = errors.filter(({ keyword }) => keyword === 'anyOf').map(({ instancePath }) => instancePath)
  const problems = errors
    // A union reports each of its branches; the ones about the wrong type say nothing.
    .filter(({ keyword, instancePath }) => !(unions.includes(instancePath) && keyword === 'type'))
    .filter(({ keyword, instancePath }) => keyword !== 'anyOf' || !errors.some((other) =>
      other.keyword !== 'anyOf' && other.keyword !== 'type' && other.instancePath.startsWith(instancePath)))
    .map((error) => describe(error, pathOf(value, error.instancePath)))
  return [...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values()]
}

function describe(error: ErrorObject, path: Path): TemplateProblem {
  const params = error.params as Record<string, unknown>
  switch (error.keyword) {
    case 'additionalProperties': {
      const key = String(params.additionalProperty)
      const schema = error.parentSchema as { properties?: object; patternProperties?: object }
      if (schema.properties) {
        const known = Object.keys(schema.properties)
        const hint = didYouMean(key, known) || `; known are ${known.join(', ')}`
        return { path: [...path, key], at: 'key', message: `unknown key "${key}"${hint}` }
      }
      const pattern = Object.keys(schema.patternProperties ?? {})[0] ?? ''
      return { path: [...path, key], at: 'key', message: `"${key}" cannot be a name here; it must match ${pattern}` }
    }
    case 'required':
      return { path, message: `"${String(params.missingProperty)}" is missing` }
    case 'enum':
      return { path, message: enumMessage(error.data, (params.allowedValues as string[] | undefined) ?? []) }
    case 'anyOf':
      return { path, message: 'must be a text, or an object with the keys that the reference lists' }
    default:
      return { path, message: error.message ?? 'does not fit the schema' }
  }
}

function enumMessage(value: unknown, allowed: readonly string[]): string {
  return `must be one of ${allowed.join(', ')}${typeof value === 'string' ? didYouMean(value, allowed) : ''}`
}

/** A JSON pointer as a path; a part is a number where the data has an array. */
function pathOf(value: unknown, pointer: string): Path {
  let here = value
  return pointer.split('/').slice(1).map((raw) => {
    const part = raw.replaceAll('~1', '/').replaceAll('~0', '~')
    const key = Array.isArray(here) ? Number(part) : part
    here = (here as Record<string | number, unknown> | undefined)?.[key]
    return key
  })
}
