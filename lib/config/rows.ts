import type { ConfigDefinition } from './definition.ts'
import type { Field, Fields } from './field.ts'
import type { Config, Source } from './load.ts'

/** One field as `config list` and `config show` print it. */
export interface ConfigRow {
  readonly field: string
  /** Empty where the field is not set; `******` for a secret. */
  readonly value: string
  readonly source: Source
  readonly default: string
  readonly description: string
}

/** All fields but the internal ones, in the order of their declaration. */
export function configRows<F extends Fields>(definition: ConfigDefinition<F>, config: Config<F>): ConfigRow[] {
  return definition.names.filter((name) => !definition.require(name).isInternal).map((name) => configRow(definition, config, name))
}

/** One field, an internal one too. Throws `invalid_config` that names the nearest field there is. */
export function configRow<F extends Fields>(definition: ConfigDefinition<F>, config: Config<F>, name: string): ConfigRow {
  const field = definition.require(name)
  return {
    field: name,
    value: display(field, config.values[name]),
    source: config.sources[name] ?? 'default',
    default: display(field, field.default),
    description: field.description,
  }
}

function display(field: Field<unknown>, value: unknown): string {
  if (value === undefined) return ''
  return field.isSecret ? '******' : field.format(value)
}
