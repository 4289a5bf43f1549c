import type { Path, TemplateProblem } from './problems.ts'
import { fillIn, placeholderProblems } from './placeholders.ts'
import type { regexProblem } from './regex.ts'
import { keysOfVariableType } from './schema-variables.ts'
import type { InstanceNames, Variable, VariableValue } from './schema-variables.ts'
import { variableProblem } from './variable-value.ts'

/** Placeholders that a variable's default can use. */
export const defaultPlaceholders: ReadonlySet<string> = new Set(['instance.id', 'instance.name'])

/** A variable's default with the instance's names filled in. */
export function fillDefault(value: VariableValue, { id, name }: InstanceNames): VariableValue {
  return typeof value === 'string' ? fillIn(value, new Map([['instance.id', id], ['instance.name', name]])) : value
}

/** What is wrong with the declaration of one variable that fits the schema. */
export function variableProblems(variable: Variable, path: Path, checkRegex: typeof regexProblem): TemplateProblem[] {
  const problems: TemplateProblem[] = []
  const allowed: readonly string[] = ['type', 'description', 'default', ...keysOfVariableType[variable.type]]
  for (const key of Object.keys(variable)) {
    if (!allowed.includes(key)) problems.push({ path: [...path, key], at: 'key', message: `means nothing for type "${variable.type}"` })
  }
  const pattern = variable.pattern === undefined ? undefined : checkRegex(variable.pattern)
  if (pattern !== undefined) return [...problems, { path: [...path, 'pattern'], message: pattern }]
  if (variable.default === undefined) return problems

  const at = [...path, 'default']
  if (typeof variable.default === 'string' && variable.default.includes('{')) {
    const wrong = placeholderProblems(variable.default, defaultPlaceholders)
    if (wrong.length > 0) return [...problems, ...wrong.map((message) => ({ path: at, message }))]
  }
  // The longest name that an instance can have stands in for all.
  const message = variableProblem(variable, fillDefault(variable.default, { id: '0', name: 'a'.repeat(63) }))
  return message === undefined ? problems : [...problems, { path: at, message }]
}
