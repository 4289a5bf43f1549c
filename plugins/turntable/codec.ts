import { encode } from '@msgpack/msgpack'
import { messageFrame, parseJson, Publication } from '../../lib/plugin.ts'
import { limits } from './limits.ts'
import { isHash } from './names.ts'
import { readMessagePack } from './read-message-pack.ts'

export type Form = 'json' | 'message-pack'

/** The encodings by the subprotocol that chooses them. */
export const formBySubprotocol: ReadonlyMap<string, Form> = new Map([['turntable', 'json'], ['turntable.2', 'message-pack']])

/** What somebody says: `{"command": name, "data": data}`. */
export interface Command {
  readonly name: string
  readonly data: unknown
}

/** A message of the protocol, made once into a frame of each form that somebody wants. */
export function message(command: string, data: unknown): Publication {
  return new Publication((form) => {
    if (form === 'json') return messageFrame(JSON.stringify({ command, data }))
    const { buffer, byteOffset, byteLength } = encode({ command, data })
    return messageFrame(Buffer.from(buffer, byteOffset, byteLength))
  })
}

/** The command of a frame; undefined where there is none that could be understood, which is not answered. */
export function readCommand(form: Form, frame: Buffer): Command | undefined {
  let value: unknown
  try {
    value = form === 'json' ? parseJson(frame.toString(), { maxDepth: limits.depth }) : readMessagePack(frame)
  } catch {
    return undefined
  }
  if (typeof value === 'string') return { name: value, data: undefined }
  if (!isHash(value) || typeof value.command !== 'string') return undefined
  return { name: value.command, data: value.data }
}
