import { isUtf8 } from 'node:buffer'
import { ClusterError, parseJson } from '../../../lib/plugin.ts'
import { encodeFrame } from './frame.ts'
import { readParts, stringIn } from './json-parts.ts'
import type { Part } from './json-parts.ts'

/** Types that the server answers itself. */
export const builtInTypes: ReadonlySet<string> = new Set(['dummy', 'builtin'])

/** What a header or a built-in's data may have: making values of a text takes many times as long as passing it on. */
const maxSmallLength = 65_536

export type JsonObject = Readonly<Record<string, unknown>>

/** What a message asks for; `data` is its JSON text, every digit and escape as it was sent. */
export interface Payload {
  readonly type: string
  readonly data: string
  readonly id: string | undefined
}

/** Known members of a message, as texts. */
export type Message = ReadonlyMap<string, Part>

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The member of this name that the object has itself. */
export function member(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined
}

/** A frame's body as text. Throws `malformed`. */
export function readText(body: Buffer): string {
  if (!isUtf8(body)) throw new ClusterError('malformed', 'A frame is not UTF-8')
  return body.toString()
}

/** A frame's body as a message. Throws `malformed`. */
export function readMessage(body: Buffer): Message {
  const message = readParts(readText(body))
  if (!message) throw new ClusterError('malformed', 'A message is not an object')
  return message
}

/** The value of a part that is no bulk data, such as a header; undefined where there is none. Throws `malformed`, `too_large`. */
export function readSmall(text: string | undefined): unknown {
  return text === undefined ? undefined : readWithin(text, maxSmallLength)
}

/** The value of a JSON text of at most so many characters. Throws `malformed`, `too_large`. */
export function readWithin(text: string, maxLength: number): unknown {
  if (text.length > maxLength) throw new ClusterError('too_large', `It has more than ${maxLength} characters`)
  return parseJson(text)
}

/** What a message asks for. Throws `malformed` unless it has a type and data, and an id that is text if there is one. */
export function readPayload(message: Message): Payload {
  const members = message.get('payload')?.members
  const [type, data, id] = [stringIn(members?.get('type')), members?.get('data'), members?.get('id')]
  if (type === undefined || data === undefined) throw new ClusterError('malformed', 'A message has no payload, or that lacks type or data')
  const idText = stringIn(id)
  if (id !== undefined && idText === undefined) throw new ClusterError('malformed', 'The id of a payload is no text')
  return { type, data, id: idText }
}

export function statusReport(id: string, isGood: boolean): Buffer {
  return encodeFrame(`{"header":{"messageType":"statusReport","status":"${isGood ? 'good' : 'bad'}"},"payload":{"id":${JSON.stringify(id)}}}`)
}

/** What a handler has for a client. */
export function delivery(handler: string, data: string): Buffer {
  return encodeFrame(`{"header":{"status":"good","messageType":"receivedMessage"},"payload":{"data":${data},"type":${JSON.stringify(handler)}}}`)
}

/** What a handler has for another server. */
export function serverMessage(handler: string, data: string, id: string): Buffer {
  return encodeFrame(`{"header":{"scope":"server"},"payload":{"data":${data},"type":${JSON.stringify(handler)},"id":${JSON.stringify(id)}}}`)
}

export function dummyAnswer(id: string | undefined): Buffer {
  const idMember = id === undefined ? '' : `"id":${JSON.stringify(id)},`
  return encodeFrame(`{"header":{"status":"0"},"payload":{"data":null,${idMember}"type":"dummy"}}`)
}
