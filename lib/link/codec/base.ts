import { parseJson } from '../../json/parse-json.ts'
import { routeOf } from '../define.ts'
import type { EventDefinition, RequestDefinition, Projection, Role, Route } from '../define.ts'
import { LinkFault, malformed } from '../fault.ts'
import { splitWireType } from '../message.ts'
import type { Message } from '../message.ts'
import { Payload } from '../payload.ts'
import type { Registry } from '../registry.ts'
import { fits } from '../validate.ts'

/** The envelope of seed 001: exactly these three properties. */
export interface Envelope {
  readonly seq: number
  readonly type: string
  readonly data: Readonly<Record<string, unknown>>
}

/** Reads one frame of the base dialect. Throws LinkFault `Invalid message: Malformed`. */
export function decodeEnvelope(frame: string): Envelope {
  let value: unknown
  try {
    value = parseJson(frame)
  } catch {
    throw new LinkFault(malformed)
  }
  if (!isObject(value)) throw new LinkFault(malformed)
  const { seq, type, data, ...rest } = value
  if (!Number.isSafeInteger(seq) || typeof type !== 'string' || !isObject(data) || Object.keys(rest).length > 0) {
    throw new LinkFault(malformed)
  }
  return { seq: seq as number, type, data }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * Turns messages into the base dialect's and back. The definitions say what the dialect shows of each; nothing
 * beyond that is sent, and what is not shown does not exist for a base peer.
 */
export class BaseCodec {
  readonly #registry: Registry
  readonly #outgoing: Route
  readonly #incoming: Route
  /** `<self>-<peer>`, as faults name the link. */
  readonly #linkName: string

  constructor(registry: Registry, self: Role, peer: Role) {
    this.#registry = registry
    this.#outgoing = `${self}-${peer}` as Route
    this.#incoming = `${peer}-${self}` as Route
    this.#linkName = `${self}-${peer}`
  }

  /** The `data` of a message, or undefined where the base dialect does not show it. */
  encode(message: Message): object | undefined {
    if (message.kind === 'event') {
      const base = this.#registry.event(message.type, this.#outgoing)?.base
      return base ? encodeWith(base, message.data) : undefined
    }
    if (message.kind === 'request') {
      const base = this.#registry.request(message.type, this.#outgoing)?.base
      return base ? encodeWith(base.request, message.data) : undefined
    }
    if ('error' in message.outcome) return { seq: message.replyTo, error: message.outcome.error.message }
    const base = this.#registry.request(message.type, this.#incoming)?.base
    return base ? { seq: message.replyTo, ...encodeWith(base.response, message.outcome.data) } : undefined
  }

  /** The message in an envelope. Throws LinkFault where the peer may not send such a thing. */
  decode({ type: name, data }: Envelope): Message {
    const parts = splitWireType(name)
    if (!parts) throw this.#noValidator(name)
    const { kind, type } = parts
    if (kind === 'response') return this.#decodeResponse(name, type, data)
    const definition = kind === 'request' ? this.#registry.request(type, this.#incoming) : this.#registry.event(type, this.#incoming)
    const projection = baseSide(definition)
    if (!definition || !projection) throw this.#noValidator(name)
    if (!fits(projection.schema, data)) throw new LinkFault(`Invalid message: Validation failed for ${name}`)
    const ours = projection.decode(data as never)
    return { kind: definition.kind, type, to: routeOf(definition, ours), data: Payload.ofValue(ours) }
  }

  #decodeResponse(name: string, type: string, data: Envelope['data']): Message {
    const base = this.#registry.request(type, this.#outgoing)?.base
    if (!base) throw this.#noValidator(name)
    const { seq: replyTo, ...rest } = data
    if (!Number.isSafeInteger(replyTo)) throw new LinkFault(`Invalid message: Validation failed for ${name}`)
    const common = { kind: 'response', type, replyTo: replyTo as number } as const
    if (typeof rest.error === 'string' && Object.keys(rest).length === 1) {
      return { ...common, outcome: { error: { code: 'internal', message: rest.error } } }
    }
    if (!fits(base.response.schema, rest)) throw new LinkFault(`Invalid message: Validation failed for ${name}`)
    return { ...common, outcome: { data: Payload.ofValue(base.response.decode(rest as never)) } }
  }

  #noValidator(name: string): LinkFault {
    return new LinkFault(`Invalid message: No validator for ${name} on ${this.#linkName}`)
  }
}

function encodeWith(projection: Projection<unknown>, data: Payload): object {
  return projection.encode(data.value)
}

function baseSide(definition: RequestDefinition | EventDefinition | undefined): Projection<unknown> | undefined {
  return definition?.kind === 'request' ? definition.base?.request : definition?.base
}

/** Writes one frame of the base dialect. */
export function encodeEnvelope(seq: number, type: string, data: object): string {
  return JSON.stringify({ seq, type, data })
}

