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

/** What an instance printed, and with the last of a run how that ended. */
export const InstanceOutput = Type.Object({ instance_id: InstanceId, output: Type.Object({ ...chunk, exit: Type.Optional(LastExit) }) })
export type InstanceOutput = Static<typeof InstanceOutput>
