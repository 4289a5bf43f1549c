import { randomInt } from 'node:crypto'
import { ClusterError } from '../errors/cluster-error.ts'
import { didYouMean } from '../text/nearest.ts'
import type { Template } from './schema.ts'
import { secretMask } from './secret-mask.ts'
import type { InstanceNames, Variable, VariableValue, VariableValues } from './schema-variables.ts'
import { fillDefault } from './variables-check.ts'
import { coerce, isFitting, variableProblem } from './variable-value.ts'

const SECRET_LENGTH = 24
// No quotes, no look-alikes, nothing that a config file or a shell could take for its own.
const SECRET_ALPHABET = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789'

/**
 * The values of all variables of a template: what was given, checked and in the right type, and the defaults for the rest.
 * Texts from a command line are turned into numbers and booleans. A secret that was not given and has no default is
 * made up: keep what comes back, and give it the next time. A default that names the instance stays as it is written in the
 * template until `instance` is given. Throws `invalid_variable`, with `details.variable`.
 */
export function resolveVariables(
  template: Template,
  given: Readonly<Record<string, unknown>>,
  instance?: InstanceNames,
): Record<string, VariableValue> {
  const values: Record<string, VariableValue> = { ...generateSecrets(template, given), ...checkVariables(template, given) }
  for (const [name, variable] of Object.entries(template.variables ?? {})) {
    const value = values[name] ?? variable.default
    if (value === undefined) throw invalid(template, name, `is missing${described(variable)}; give it as ${name}=VALUE`)
    values[name] = instance !== undefined && value === variable.default ? fillDefault(value, instance) : value
  }
  return values
}

/**
 * Checks what an operator gave, and gives it back in the right types; adds neither defaults nor secrets. For a
 * request that creates or changes an instance. Throws `invalid_variable`.
 */
export function checkVariables(template: Template, given: Readonly<Record<string, unknown>>): Record<string, VariableValue> {
  checkNames(template, given)
  const values: Record<string, VariableValue> = {}
  for (const [name, variable] of Object.entries(template.variables ?? {})) {
    if (!Object.hasOwn(given, name) || given[name] === undefined) continue
    const value = coerce(variable, given[name])
    if (!isFitting(variable, value)) throw invalid(template, name, variableProblem(variable, value) ?? '')
    values[name] = value
  }
  return values
}

/** A fresh random value for every secret that has no default and was not given. */
export function generateSecrets(template: Template, given: Readonly<Record<string, unknown>>): Record<string, string> {
  const missing = Object.entries(template.variables ?? {}).filter(([name, { type, default: fallback }]) =>
    type === 'secret' && fallback === undefined && (!Object.hasOwn(given, name) || given[name] === undefined))
  return Object.fromEntries(missing.map(([name, variable]) => [name, randomSecret(variable)]))
}

/** Whether a variable of the template is never shown; false for one that it does not have. */
export function isSecretVariable(template: Template, name: string): boolean {
  const variables = template.variables ?? {}
  return Object.hasOwn(variables, name) && variables[name]?.type === 'secret'
}

/** `values` with secrets replaced, for showing to people. */
export function withoutSecrets(template: Template, values: VariableValues): Record<string, VariableValue> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) =>
    [name, isSecretVariable(template, name) && value !== '' ? secretMask : value]))
}

function checkNames(template: Template, given: Readonly<Record<string, unknown>>): void {
  const known = Object.keys(template.variables ?? {})
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue
    const list = known.length === 0 ? 'it has none' : `it has ${known.join(', ')}`
    throw new ClusterError('invalid_variable',
      `Template "${template.id}" has no variable "${name}"${didYouMean(name, known) || `; ${list}`}`,
      { details: { template: template.id, variable: name } })
  }
}

function randomSecret({ min_length: min = 0, max_length: max = SECRET_LENGTH }: Variable): string {
  const length = Math.min(max, Math.max(min, SECRET_LENGTH))
  return Array.from({ length }, () => SECRET_ALPHABET.charAt(randomInt(SECRET_ALPHABET.length))).join('')
}

function described({ description }: Variable): string {
  return description === undefined ? '' : ` (${description})`
}

function invalid(template: Template, variable: string, reason: string): ClusterError {
  return new ClusterError('invalid_variable', `Variable "${variable}" of template "${template.id}" ${reason}`,
    { details: { template: template.id, variable } })
}
