import { parseJson } from '../../json/parse-json.ts'
import { checkRoute, routeOf } from '../define.ts'
import type { Definition, EventDefinition, Projection, ProjectionStream, RequestDefinition, RequestProjection, Role, Route, StreamProjection } from '../define.ts'
import { LinkFault, malformed } from '../fault.ts'
import { errorOfText } from './error-of-text.ts'
import { splitWireType } from '../message.ts'
import type { Message, RequestMessage } from '../message.ts'
import { Payload } from '../payload.ts'
import type { Registry } from '../registry.ts'
import { check, fits } from '../validate.ts'

/** A request that the base dialect has. */
type ShownRequest = RequestDefinition & { readonly base: RequestProjection<unknown, unknown> }

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
  /** Memories of this connection, by the type of their events. */
  readonly #streams = new Map<string, ProjectionStream<unknown>>()

  constructor(registry: Registry, self: Role, peer: Role) {
    this.#registry = registry
    this.#outgoing = `${self}-${peer}` as Route
    this.#incoming = `${peer}-${self}` as Route
    this.#linkName = `${self}-${peer}`
  }

  /** Whether this peer can be sent such a message, or can send it. */
  carries(definition: Definition): boolean {
    return [this.#outgoing, this.#incoming].some((route) => definition.routes.includes(route) && shownOn(definition, route))
  }

  /** The `data` of a message, of each where one becomes several; undefined where the base dialect does not show it. */
  encode(message: Message): Iterable<object> | undefined {
    if (message.kind === 'event') {
      const definition = this.#registry.event(message.type, this.#outgoing)
      return definition?.base && this.#streamOf(definition, definition.base).encode(check(definition.data, message.data.value, message.type))
    }
    if (message.kind === 'request') return this.#encodeRequest(message)
    if ('error' in message.outcome) return [{ seq: message.replyTo, error: message.outcome.error.message }]
    const definition = this.#request(message.type, this.#incoming)
    if (!definition) return undefined
    const data = check(definition.response, message.outcome.data.value, `Answer to ${message.type}`, 'malformed')
    return [{ seq: message.replyTo, ...definition.base.response.encode(data) }]
  }

  // What was only passed on until here has not been looked at; the peer would end the link for what does not fit.
  #encodeRequest({ type, to, data }: RequestMessage): readonly object[] | undefined {
    const definition = this.#request(type, this.#outgoing)
    if (!definition) return undefined
    const request = check(definition.request, data.value, type)
    checkRoute(definition, request, to)
    return [definition.base.request.encode(request)]
  }

  /** The message in an envelope. Throws LinkFault where the peer may not send such a thing. */
  decode({ type: name, data }: Envelope): Message {
    const parts = splitWireType(name)
    if (!parts) throw this.#noValidator(name)
    const { kind, type } = parts
    if (kind === 'response') return this.#decodeResponse(name, type, data)
    if (kind === 'request') {
      const definition = this.#request(type, this.#incoming)
      if (!definition) throw this.#noValidator(name)
      return { kind, ...decoded(definition, definition.base.request, name, data) }
    }
    const definition = this.#registry.event(type, this.#incoming)
    if (!definition?.base) return this.#unknownEvent(name, type, data)
    const { schema } = definition.base
    const stream = this.#streamOf(definition, definition.base)
    return { kind, ...decoded(definition, { schema, decode: (base) => stream.decode(base) }, name, data) }
  }

  #decodeResponse(name: string, type: string, data: Envelope['data']): Message {
    const definition = this.#request(type, this.#outgoing)
    if (!definition) throw this.#noValidator(name)
    const { base } = definition
    const { seq: replyTo, ...rest } = data
    if (!Number.isSafeInteger(replyTo)) throw new LinkFault(`Invalid message: Validation failed for ${name}`)
    const common = { kind: 'response', type, replyTo: replyTo as number } as const
    if (typeof rest.error === 'string' && Object.keys(rest).length === 1) {
      return { ...common, outcome: { error: errorOfText(rest.error) } }
    }
    if (!fits(base.response.schema, rest)) throw new LinkFault(`Invalid message: Validation failed for ${name}`)
    return { ...common, outcome: { data: Payload.ofValue(base.response.decode(rest as never)) } }
  }

  /** Slaves may have plugins that the master lacks, or whose events have no look in this dialect: they concern nobody, and are counted. */
  #unknownEvent(name: string, type: string, data: Envelope['data']): Message {
    const isAmongSlaves = this.#incoming === 'slave-master' || this.#incoming === 'master-slave'
    if (!isAmongSlaves || !type.includes(':')) throw this.#noValidator(name)
    return { kind: 'event', type, data: Payload.ofValue(data) }
  }

  #request(type: string, route: Route): ShownRequest | undefined {
    const definition = this.#registry.request(type, route)
    return definition && shownOn(definition, route) ? definition as ShownRequest : undefined
  }

  #streamOf({ type }: EventDefinition, base: Projection<unknown> | StreamProjection<unknown>): ProjectionStream<unknown> {
    if (!('open' in base)) return { encode: (ours) => [base.encode(ours)], decode: (data) => base.decode(data) }
    const stream = this.#streams.get(type) ?? base.open()
    this.#streams.set(type, stream)
    return stream
  }

  #noValidator(name: string): LinkFault {
    return new LinkFault(`Invalid message: No validator for ${name} on ${this.#linkName}`)
  }
}

/** What both dialects share of a message that came. Throws LinkFault where its data does not fit. */
function decoded(definition: RequestDefinition | EventDefinition, { schema, decode }: Pick<Projection<unknown>, 'schema' | 'decode'>, name: string, data: Envelope['data']) {
  if (!fits(schema, data)) throw new LinkFault(`Invalid message: Validation failed for ${name}`)
  const ours = decode(data as never)
  return { type: definition.type, to: routeOf(definition, ours), data: Payload.ofValue(ours) }
}

function shownOn({ base }: Definition, route: Route): boolean {
  return base !== undefined && (!('routes' in base) || base.routes === undefined || base.routes.includes(route))
}

/** Writes one frame of the base dialect. */
export function encodeEnvelope(seq: number, type: string, data: object): string {
  return JSON.stringify({ seq, type, data })
}
