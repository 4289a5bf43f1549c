import type { Static, TObject, TProperties } from '@sinclair/typebox'
import type { Projection } from '../define.ts'

/** A side of a message that the base dialect has as we do, without what the schema does not name. */
export function asItIs<P extends TProperties>(schema: TObject<P>): Projection<Static<TObject<P>>> {
  const names = Object.keys(schema.properties)
  return {
    schema,
    encode: (ours) => Object.fromEntries(names.map((name) => [name, (ours as Record<string, unknown>)[name]])),
    decode: (base: Static<TObject<P>>) => base,
  }
}
