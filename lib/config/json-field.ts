import type { Static, TSchema } from '@sinclair/typebox'
import { ClusterError } from '../errors/cluster-error.ts'
import { check } from '../link/validate.ts'
import { field } from './field.ts'
import type { Field, FieldOptions } from './field.ts'
import { parseJsonOrText } from './fields.ts'

export interface JsonOptions<S extends TSchema> extends FieldOptions {
  readonly schema: S
  /** Whether it holds what nobody should see. */
  readonly isSecret?: boolean
}

/**
 * Anything that a TypeBox schema describes; typed as JSON. In a file of its own because it brings the validator along,
 * which a program whose fields are all plain should not have to load.
 */
export function jsonField<S extends TSchema>(options: JsonOptions<S> & { readonly default: NoInfer<Static<S>> }): Field<Static<S>>
export function jsonField<S extends TSchema>(options: JsonOptions<S>): Field<Static<S> | undefined>
export function jsonField<S extends TSchema>(options: JsonOptions<S> & { readonly default?: NoInfer<Static<S>> }): Field<Static<S> | undefined> {
  const base = field<Static<S> | undefined>({
    type: options.isSecret ? 'secret JSON' : 'JSON',
    isSecret: options.isSecret ?? false,
    expected: 'JSON of the form that the reference describes',
    fits: () => true,
    parse: parseJsonOrText,
    format: (value) => JSON.stringify(value),
  }, options)
  return { ...base, problem: (value) => problemOf(options.schema, value) }
}

function problemOf(schema: TSchema, value: unknown): string | undefined {
  try {
    check(schema, value, 'JSON that fits its schema')
    return undefined
  } catch (error) {
    if (error instanceof ClusterError) return error.message
    throw error
  }
}
