import { ClusterError } from '../errors/cluster-error.ts'
import { didYouMean } from '../text/nearest.ts'
import type { Field, Fields, Values } from './field.ts'

export type Program = 'master' | 'slave' | 'control'

/** The fields under a prefix, as `extend` adds them: `concierge` and `enabled` give `concierge.enabled`. */
export type Prefixed<P extends string, F extends Fields> = { readonly [K in keyof F & string as `${P}.${K}`]: F[K] }

/** What reading, writing and listing need to know of a definition, whatever its fields. */
export interface FieldTable {
  readonly program: Program
  readonly names: readonly string[]
  readonly variablePrefix: string
  variableOf(name: string): string
  nameOfVariable(variable: string): string | undefined
  find(name: string): Field<unknown> | undefined
  require(name: string): Field<unknown>
}

const namePattern = /^[a-z][a-z0-9_-]*(\.[a-z][a-z0-9_-]*)*$/

/** The fields of one program's config file. Never changes: `extend` gives a new definition. */
export class ConfigDefinition<F extends Fields> implements FieldTable {
  readonly program: Program
  readonly fields: F
  /** What is wrong with fields that fit each by itself, but not each other. */
  readonly conflict: (values: Values<F>) => string | undefined
  readonly #nameByVariable = new Map<string, string>()

  constructor(program: Program, fields: F, conflict: (values: Values<F>) => string | undefined = () => undefined) {
    this.program = program
    this.conflict = conflict
    this.fields = Object.freeze(fields)
    for (const [name, field] of Object.entries(fields)) this.#admit(name, field)
  }

  /** Names of all fields, in the order of their declaration. */
  get names(): readonly (keyof F & string)[] {
    return Object.keys(this.fields)
  }

  /** What each field's environment variable starts with: `CORRAL_MASTER_`. */
  get variablePrefix(): string {
    return `CORRAL_${this.program.toUpperCase()}_`
  }

  /** The environment variable of a field: `limits.max_frame_bytes` has `CORRAL_MASTER_LIMITS_MAX_FRAME_BYTES`. */
  variableOf(name: string): string {
    return this.variablePrefix + name.toUpperCase().replaceAll(/[.-]/g, '_')
  }

  nameOfVariable(variable: string): string | undefined {
    return this.#nameByVariable.get(variable)
  }

  find(name: string): Field<unknown> | undefined {
    return Object.hasOwn(this.fields, name) ? this.fields[name] : undefined
  }

  /** The field of this name. Throws `invalid_config` that names the nearest one there is. */
  require(name: string): Field<unknown> {
    const field = this.find(name)
    if (field) return field
    const advice = didYouMean(name, this.names) || `; see \`${commandOf(this.program)} config list\``
    throw new ClusterError('invalid_config', `There is no config field "${name}"${advice}`, { details: { field: name } })
  }

  /** A definition with more fields under a prefix. Throws `internal` where one clashes with a field that is there. */
  extend<P extends string, G extends Fields>(prefix: P, fields: G): ConfigDefinition<F & Prefixed<P, G>> {
    const added = Object.entries(fields).map(([name, field]) => [`${prefix}.${name}`, field] as const)
    const taken = added.find(([name]) => this.find(name) !== undefined)
    if (taken) throw new ClusterError('internal', `Config field "${taken[0]}" is declared twice`)
    return new ConfigDefinition(this.program, { ...this.fields, ...Object.fromEntries(added) } as unknown as F & Prefixed<P, G>, this.conflict)
  }

  #admit(name: string, field: Field<unknown>): void {
    if (!namePattern.test(name)) throw new ClusterError('internal', `"${name}" cannot be the name of a config field`)
    const variable = this.variableOf(name)
    const other = this.#nameByVariable.get(variable)
    if (other) throw new ClusterError('internal', `Config fields "${other}" and "${name}" would share ${variable}`)
    this.#nameByVariable.set(variable, name)
    const expected = field.default === undefined ? undefined : field.problem(field.default)
    if (expected) throw new ClusterError('internal', `The default of config field "${name}" must be ${expected}`)
  }
}

/**
 * Declares a program's fields. Throws `internal` for a mistake in the declaration: a bad name, a default that does not
 * fit, two fields with one environment variable.
 */
export function defineConfig<const F extends Fields>({ program, fields, conflict }: {
  program: Program
  fields: F
  conflict?: (values: Values<NoInfer<F>>) => string | undefined
}): ConfigDefinition<F> {
  return new ConfigDefinition(program, fields, conflict)
}

/** Name of a program's config file, in its working directory unless it is told another. */
export function configFileName(program: Program): string {
  return `config-${program}.json`
}

/** The command that a program's config is changed with. */
export function commandOf(program: Program): string {
  return program === 'control' ? 'ctl' : program
}
