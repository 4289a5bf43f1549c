import { Type } from '@sinclair/typebox'
import type { Static } from '@sinclair/typebox'

export const variableTypes = ['string', 'integer', 'number', 'boolean', 'secret'] as const
export type VariableType = (typeof variableTypes)[number]

/**
 * A setting that an operator can give an instance. Which of the keys go with which type is checked in
 * `semantics.ts`: one flat object makes for messages that name the key at fault.
 */
export const VariableSchema = Type.Object({
  type: Type.Unsafe<VariableType>({ enum: [...variableTypes] }),
  description: Type.Optional(Type.String({ maxLength: 4096 })),
  default: Type.Optional(Type.Unsafe<string | number | boolean>({})),
  pattern: Type.Optional(Type.String({ minLength: 1, maxLength: 1000 })),
  enum: Type.Optional(Type.Array(Type.String({ maxLength: 1024 }), { minItems: 1, maxItems: 64 })),
  min_length: Type.Optional(Type.Integer({ minimum: 0, maximum: 65_536 })),
  max_length: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_536 })),
  multiline: Type.Optional(Type.Boolean()),
  min: Type.Optional(Type.Number()),
  max: Type.Optional(Type.Number()),
}, { additionalProperties: false })

export type Variable = Static<typeof VariableSchema>
export type VariableValue = string | number | boolean
export type VariableValues = Readonly<Record<string, VariableValue>>

/** Which keys mean something for which type, besides `type`, `description` and `default`. */
export const keysOfVariableType: Readonly<Record<VariableType, readonly (keyof Variable)[]>> = {
  string: ['pattern', 'enum', 'min_length', 'max_length', 'multiline'],
  integer: ['min', 'max'],
  number: ['min', 'max'],
  boolean: [],
  secret: ['pattern', 'min_length', 'max_length'],
}

/** What a variable's default can name. */
export interface InstanceNames {
  id: string | number
  name: string
}
