import { isUtf8 } from 'node:buffer'
import { ClusterError, parseJson, rawMember } from '../../../lib/plugin.ts'
import { encodeFrame } from './frame.ts'

/** Types that the server answers itself. */
export const builtInTypes: ReadonlySet<string> = new Set(['dummy', 'builtin'])

export type JsonObject = Readonly<Record<string, unknown>>

/** What a message asks for; `data` is its JSON text, every digit and escape as it was sent. */
export interface Payload {
  readonly type: string
  readonly data: string
  readonly id: string | undefined
}

export interface Message {
  readonly text: string
  readonly value: JsonObject
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The member of this name that the object has itself. */
export function member(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined
}

/** A frame's body as JSON. Throws `malformed`. */
export function readJson(body: Buffer): { text: string; value: unknown } {
  if (!isUtf8(body)) throw new ClusterError('malformed', 'A frame is not UTF-8')
  const text = body.toString()
  return { text, value: parseJson(text) }
}

/** A frame's body as a message. Throws `malformed`. */
export function readMessage(body: Buffer): Message {
  const { text, value } = readJson(body)
  if (!isObject(value)) throw new ClusterError('malformed', 'A message is not an object')
  return { text, value }
}

/** What a message asks for. Throws `malformed` unless it has a type and data, and an id that is text if there is one. */
export function readPayload({ text, value }: Message): Payload {
  const payload = member(value, 'payload')
  if (!isObject(payload)) throw new ClusterError('malformed', 'A message has no payload')
  const [type, id] = [member(payload, 'type'), member(payload, 'id')]
  const data = rawMember(rawMember(text, 'payload') ?? '', 'data')
  if (typeof type !== 'string' || data === undefined) throw new ClusterError('malformed', 'A payload lacks type or data')
  if (id !== undefined && typeof id !== 'string') throw new ClusterError('malformed', 'The id of a payload is no text')
  return { type, data, id }
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
