import type { ErrorOnWire } from '../errors/cluster-error.ts'
import type { Payload } from './payload.ts'

/** A request, an answer or an event in the form that both dialects of the link share. */
export type Message = RequestMessage | ResponseMessage | EventMessage

export interface RequestMessage {
  readonly kind: 'request'
  /** Name in the registry, without `_request`. */
  readonly type: string
  /** Id of the instance or slave that the definition's `forward` routes by. */
  readonly to?: number | undefined
  /** Idempotency key: a second request with it is answered with the outcome of the first. */
  readonly key?: string | undefined
  readonly data: Payload
}

export interface ResponseMessage {
  readonly kind: 'response'
  readonly type: string
  /** The `seq` of the request. */
  readonly replyTo: number
  readonly outcome: { readonly data: Payload } | { readonly error: ErrorOnWire }
}

export interface EventMessage {
  readonly kind: 'event'
  readonly type: string
  /** Id of the instance that the definition's `routeBy` names. */
  readonly to?: number | undefined
  readonly data: Payload
}

/** A message as it arrived, with the number that its sender gave it; volatile events have none. */
export interface Received<M extends Message = Message> {
  readonly seq: number
  readonly message: M
}

export const suffixes = { request: '_request', response: '_response', event: '_event' } as const

/** Name on the wire, e.g. `start_instance_request` (seed 001, Requests and Events). */
export function wireType(message: Pick<Message, 'kind' | 'type'>): string {
  return message.type + suffixes[message.kind]
}

export interface WireName {
  readonly kind: Message['kind']
  readonly type: string
}

/** The parts of a name on the wire, or undefined where it has none of the three endings. */
export function splitWireType(name: string): WireName | undefined {
  for (const kind of ['request', 'response', 'event'] as const) {
    if (name.endsWith(suffixes[kind])) return { kind, type: name.slice(0, -suffixes[kind].length) }
  }
  return undefined
}
