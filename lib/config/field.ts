/** One field of a config file. `T` is what programs read: it includes undefined where there is no default. */
export interface Field<T> {
  readonly description: string
  /** What a value is, for the reference: `integer, 0 to 65535`. */
  readonly type: string
  readonly default: T
  /** Shown as `******` wherever values are listed. */
  readonly isSecret: boolean
  /** Written by the program itself: in no list and in no reference. */
  readonly isInternal: boolean
  /** What a value must be, completing "must be …", or undefined if it fits. */
  problem(value: unknown): string | undefined
  /** The value that a text on a command line or in the environment means; a text that means none comes back as it is. */
  parse(text: string): unknown
  /** A value as a person would type it. */
  format(value: unknown): string
}

export interface FieldOptions {
  /** One sentence for the reference. */
  readonly description: string
  readonly isInternal?: boolean
}

/** Fields by name. Names are lower case with underscores; dots group them: `limits.max_frame_bytes`. */
export type Fields = Readonly<Record<string, Field<unknown>>>

/** What programs read of the fields: every field is there, undefined only where it has no default. */
export type Values<F extends Fields> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never }

interface FieldKind {
  readonly type: string
  /** Completes "must be …". */
  readonly expected: string
  readonly isSecret?: boolean
  fits(value: unknown): boolean
  parse(text: string): unknown
  format?(value: unknown): string
}

/** Builds a field out of what its kind knows; the typed constructors stand in `fields.ts` and `json-field.ts`. */
export function field<T>(kind: FieldKind, options: FieldOptions & { default?: unknown }): Field<T> {
  return {
    description: options.description,
    type: kind.type,
    default: options.default as T,
    isSecret: kind.isSecret ?? false,
    isInternal: options.isInternal ?? false,
    problem: (value) => (kind.fits(value) ? undefined : kind.expected),
    parse: (text) => kind.parse(text),
    format: (value) => kind.format?.(value) ?? String(value),
  }
}
