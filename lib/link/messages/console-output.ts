import { Type } from '@sinclair/typebox'
import type { Static } from '@sinclair/typebox'
import { InstanceId, LastExit, RunNumber } from './shapes.ts'

/** A piece of a console. Its bytes are `text` where they are whole UTF-8 characters, else `base64`. */
const chunk = {
  run: RunNumber,
  offset: Type.Integer({ minimum: 0, description: 'Place of the first byte in the output of the run' }),
  text: Type.Optional(Type.String()),
  base64: Type.Optional(Type.String()),
}

export const ConsoleChunk = Type.Object(chunk)
export type ConsoleChunk = Static<typeof ConsoleChunk>

/** What the base dialect says of one line (`protocols/link.md`, Catalogue). */
export const LineOutput = Type.Object({
  source: Type.String(),
  received: Type.Number(),
  format: Type.String(),
  type: Type.String(),
  message: Type.String(),
  time: Type.Optional(Type.String()),
  level: Type.Optional(Type.String()),
  file: Type.Optional(Type.String()),
  action: Type.Optional(Type.String()),
}, { additionalProperties: false, description: 'The line as a slave of the base dialect told it, whole; the piece is its text' })
export type LineOutput = Static<typeof LineOutput>

/** What an instance printed, and with the last of a run how that ended. */
export const InstanceOutput = Type.Object({
  instance_id: InstanceId,
  output: Type.Object({
    ...chunk,
    exit: Type.Optional(LastExit),
    line: Type.Optional(LineOutput),
  }),
})
export type InstanceOutput = Static<typeof InstanceOutput>
