import type { Path, TemplateProblem } from './problems.ts'
import { placeholderProblems } from './placeholders.ts'
import { regexProblem } from './regex.ts'
import { keysOfVariableType, type Variable } from './schema-variables.ts'
import { variableProblem } from './variable-value.ts'

/** Placeholders that a variable's default can use. */
export const defaultPlaceholders: ReadonlySet<string> = new Set(['instance.id', 'instance.name'])

/** What is wrong with the declaration of one variable that fits the schema. */
export function variableProblems(variable: Variable, path: Path): TemplateProblem[] {
  const problems: TemplateProblem[] = []
  const allowed: readonly string[] = ['type', 'description', 'default', ...keysOfVariableType[variable.type]]
  for (const key of Object.keys(variable)) {
    if (!allowed.includes(key)) problems.push({ path: [...path, key], at: 'key', message: `means nothing for type "${variable.type}"` })
  }
  const pattern = variable.pattern === undefined ? undefined : regexProblem(variable.pattern)
  if (pattern !== undefined) return [...problems, { path: [...path, 'pattern'], message: pattern }]
  if (variable.default === undefined) return problems

  const at = [...path, 'default']
  if (typeof variable.default === 'string' && variable.default.includes('{')) {
    const wrong = placeholderProblems(variable.default, defaultPlaceholders)
    return [...problems, ...wrong.map((message) => ({ path: at, message }))]
  }
  const message = variableProblem(variable, variable.default)
  return message === undefined ? problems : [...problems, { path: at, message }]
}
