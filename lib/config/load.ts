import { ClusterError } from '../errors/cluster-error.ts'
import { didYouMean } from '../text/nearest.ts'
import { readConfigFile } from './config-file.ts'
import { commandOf } from './definition.ts'
import type { ConfigDefinition, FieldTable } from './definition.ts'
import type { Field, Fields, Values } from './field.ts'
import { freezeDeep } from './freeze.ts'

/** Where a value came from; the environment beats the file, the file beats the default. */
export type Source = 'default' | 'file' | 'environment'

/** A program's config, checked and complete. */
export interface Config<F extends Fields> {
  readonly file: string
  /** Deeply frozen. */
  readonly values: Values<F>
  readonly sources: { readonly [K in keyof F]: Source }
  /** Texts for the log: unknown fields and variables, a file that is open to all. */
  readonly warnings: readonly string[]
}

export interface LoadOptions {
  readonly file: string
  /** Usually process.env. */
  readonly env: Readonly<Record<string, string | undefined>>
}

interface Found {
  readonly value: unknown
  readonly source: Source
}

/**
 * Reads a program's config. A file that does not exist is an empty one; a field that is null in the file, or empty in
 * the environment, is not set there. Unknown fields and variables are warnings, so that an older version can run with a
 * newer one's file. Throws `invalid_config` that names file and position, file and field, or variable.
 */
export async function loadConfig<F extends Fields>(definition: ConfigDefinition<F>, { file, env }: LoadOptions): Promise<Config<F>> {
  const { entries, warnings } = await readConfigFile(file)
  const found = definition.names.map((name) => {
    const field = definition.require(name)
    const { value, source } = fromEnvironment(definition, name, field, env)
      ?? fromFile(definition, name, field, entries, file)
      ?? { value: field.default, source: 'default' }
    return { name, value: freezeDeep(structuredClone(value)), source }
  })
  return Object.freeze({
    file,
    values: Object.freeze(Object.fromEntries(found.map(({ name, value }) => [name, value]))) as Values<F>,
    sources: Object.freeze(Object.fromEntries(found.map(({ name, source }) => [name, source]))) as Config<F>['sources'],
    warnings: [...warnings, ...unknownFields(definition, entries, file), ...unknownVariables(definition, env)],
  })
}

/** The values of the fields that `extend(prefix, fields)` added, under their short names. */
export function sectionValues<G extends Fields>(config: Config<Fields>, prefix: string, fields: G): Values<G> {
  const entries = Object.keys(fields).map((name) => [name, config.values[`${prefix}.${name}`]])
  return Object.freeze(Object.fromEntries(entries)) as Values<G>
}

function fromEnvironment(
  definition: FieldTable, name: string, field: Field<unknown>, env: LoadOptions['env'],
): Found | undefined {
  const variable = definition.variableOf(name)
  const text = env[variable]
  if (text === undefined || text === '') return undefined
  const value = field.parse(text)
  const problem = field.problem(value)
  if (problem === undefined) return { value, source: 'environment' }
  throw new ClusterError('invalid_config', `Environment variable ${variable} must be ${problem}${notText(field, text)}; correct or unset it`, {
    details: { variable, field: name },
  })
}

function fromFile(
  definition: FieldTable, name: string, field: Field<unknown>, entries: ReadonlyMap<string, unknown>, file: string,
): Found | undefined {
  const value = entries.get(name)
  if (value === undefined || value === null) return undefined
  const problem = field.problem(value)
  if (problem === undefined) return { value, source: 'file' }
  const advice = `correct it with \`${commandOf(definition.program)} config set ${name} VALUE\``
  throw new ClusterError('invalid_config', `In ${file}, "${name}" must be ${problem}${notText(field, value)}; ${advice}`, {
    details: { file, field: name },
  })
}

/** Shows a value that does not fit, unless it may be a secret or is too long to help. */
export function notText(field: Field<unknown>, value: unknown): string {
  const text = JSON.stringify(value)
  return field.isSecret || text.length > 80 ? '' : `, not ${text}`
}

function unknownFields(definition: FieldTable, entries: ReadonlyMap<string, unknown>, file: string): string[] {
  return [...entries.keys()]
    .filter((name) => definition.find(name) === undefined)
    .map((name) => `In ${file}, "${name}" is not a field and is ignored${didYouMean(name, definition.names)}`)
}

function unknownVariables(definition: FieldTable, env: LoadOptions['env']): string[] {
  const known = definition.names.map((name) => definition.variableOf(name))
  return Object.keys(env)
    .filter((variable) => variable.startsWith(definition.variablePrefix) && definition.nameOfVariable(variable) === undefined)
    .map((variable) => `Environment variable ${variable} is not a field and is ignored${didYouMean(variable, known)}`)
}

/** Throws `invalid_config` where fields that are good each by itself contradict each other; only what runs must fit together. */
export function expectConsistent<F extends Fields>({ conflict }: ConfigDefinition<F>, { file, values }: Config<F>): void {
  const problem = conflict(values)
  if (problem !== undefined) throw new ClusterError('invalid_config', `In ${file}, ${problem}`, { details: { file } })
}
