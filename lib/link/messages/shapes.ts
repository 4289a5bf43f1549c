import { Type } from '@sinclair/typebox'
import type { Static, TProperties, TSchema } from '@sinclair/typebox'
import type { ErrorCode } from '../../errors/codes.ts'

/** An object with these fields and no others. */
export function strict<P extends TProperties>(properties: P) {
  return Type.Object(properties, { additionalProperties: false })
}

export const Empty = strict({})

/** 1 to 63 letters, digits, `-` and `_`, begun with a letter or digit, and not all digits: a name, never an id. */
export const namePattern = '^(?![0-9]+$)[A-Za-z0-9][A-Za-z0-9_-]{0,62}$'
export const Name = Type.String({
  pattern: namePattern,
  description: 'A name that file systems and shells can bear',
  'x-must': 'have 1 to 63 letters, digits, `-` or `_`, start with a letter or digit, and be no number',
  'x-code': 'invalid_name' satisfies ErrorCode,
})

/** What a text is made with that must be one line. */
export const oneLine = { pattern: '^[^\\x00-\\x1f\\x7f]+$', 'x-must': 'be one line of text' }

/** A name that came from elsewhere, where other rules hold: one line for people. */
export const GivenName = Type.String({ minLength: 1, maxLength: 255, ...oneLine })

// Ids that Corral gives out are small and positive; programs that bring their own may have any.
const anyId = { minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER }
export const SlaveId = Type.Integer({ ...anyId, description: 'Id of a slave' })
export const InstanceId = Type.Integer({ ...anyId, description: 'Id of an instance' })
export const RunNumber = Type.Integer({ minimum: 1, description: 'Number of a run of the instance, counted from 1' })
export const Timestamp = Type.String({ description: 'ISO 8601 date and time in UTC' })

/** Something or null. */
export function nullable<S extends TSchema>(schema: S) {
  return Type.Union([schema, Type.Null()])
}

export const InstanceStatus = Type.Unsafe<'stopped' | 'starting' | 'running' | 'stopping' | 'crashed' | 'unknown'>({
  enum: ['stopped', 'starting', 'running', 'stopping', 'crashed', 'unknown'],
  description: 'Actual state',
})
export type InstanceStatus = Static<typeof InstanceStatus>

export const DesiredState = Type.Unsafe<'running' | 'stopped'>({ enum: ['running', 'stopped'], description: 'State that the operator wants' })
export type DesiredState = Static<typeof DesiredState>

export const RestartPolicy = Type.Unsafe<'never' | 'on-failure' | 'always'>({ enum: ['never', 'on-failure', 'always'] })
export type RestartPolicy = Static<typeof RestartPolicy>

export const VariableValue = Type.Union([Type.String(), Type.Number(), Type.Boolean()])
export const Variables = Type.Record(Type.String({ pattern: '^[a-z][a-z0-9_]*$' }), VariableValue)
export const Ports = Type.Record(Type.String({ pattern: '^[a-z][a-z0-9_]*$' }), Type.Integer({ minimum: 1, maximum: 65_535 }))

/** How the last run of an instance ended. */
export const LastExit = Type.Object({
  at: Timestamp,
  code: nullable(Type.Integer()),
  signal: nullable(Type.String()),
  reason: Type.String(),
})
