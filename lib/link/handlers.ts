import { ClusterError } from '../errors/cluster-error.ts'
import { checkRoute } from './define.ts'
import type { EventDefinition, EventOf, RequestDefinition, RequestOf, ResponseOf, Route } from './define.ts'
import { check } from './validate.ts'
import type { RequestMessage } from './message.ts'
import type { Payload } from './payload.ts'
import type { Registry } from './registry.ts'

type RequestOn<D, R extends Route> = D extends RequestDefinition<string, infer Routes> ? (R extends Routes ? D : never) : never
type EventOn<D, R extends Route> = D extends EventDefinition<string, infer Routes> ? (R extends Routes ? D : never) : never
type Answered<D> = D extends { readonly forward: undefined } ? D : never

/** A handler for each request of a catalogue that travels a route and is not passed on: its types follow from the definition. */
export type RequestHandlers<Catalogue, R extends Route, Context> = {
  readonly [D in Answered<RequestOn<Catalogue[keyof Catalogue], R>> as D['type']]: RequestHandler<D, Context>
}

/** The same for the receiving end, where a forwarded request arrives. */
export type EndpointHandlers<Catalogue, R extends Route, Context> = {
  readonly [D in RequestOn<Catalogue[keyof Catalogue], R> as D['type']]: RequestHandler<D, Context>
}

export type EventHandlers<Catalogue, R extends Route, Context> = {
  readonly [D in EventOn<Catalogue[keyof Catalogue], R> as D['type']]: (data: EventOf<D>, context: Context) => void
}

export type RequestHandler<D, Context> = (data: RequestOf<D>, context: Context) => ResponseOf<D> | Promise<ResponseOf<D>>

type Untyped<Context> = (data: unknown, context: Context) => unknown

/** The handlers of one program for one route, found by type. Plugins add theirs while they run. */
export class HandlerTable<Context> {
  readonly #handlers = new Map<string, Untyped<Context>>()

  /** `handlers` maps types to functions whose argument types follow from the definitions. */
  constructor(handlers: object) {
    for (const [type, handler] of Object.entries(handlers)) this.#handlers.set(type, handler as Untyped<Context>)
  }

  add(type: string, handler: Untyped<Context>): () => void {
    if (this.#handlers.has(type)) throw new ClusterError('conflict', `There are two handlers for ${type}`)
    this.#handlers.set(type, handler)
    return () => this.#handlers.delete(type)
  }

  has(type: string): boolean {
    return this.#handlers.has(type)
  }

  /** Throws when a request or event that shall be handled here has no handler: a mistake that must show at start-up. */
  expectComplete(definitions: ReadonlyArray<{ type: string }>): void {
    const missing = definitions.filter(({ type }) => !this.#handlers.has(type)).map(({ type }) => type)
    if (missing.length > 0) throw new ClusterError('internal', `No handler for ${missing.join(', ')}`)
  }

  /**
   * Checks the data against the definition, and that it names whom the request was passed on to: who passed it on went
   * by `to` alone. Then runs the handler.
   */
  async answer(definition: RequestDefinition, { to, data }: Pick<RequestMessage, 'to' | 'data'>, context: Context): Promise<unknown> {
    const handler = this.#handlers.get(definition.type)
    if (!handler) throw new ClusterError('unknown_type', `Nothing here answers ${definition.type}`)
    const request = check(definition.request, data.value, definition.type)
    checkRoute(definition, request, to)
    return handler(request, context)
  }

  /** Checks the data of an event and hands it over. */
  accept(definition: EventDefinition, data: Payload, context: Context): void {
    this.#handlers.get(definition.type)?.(check(definition.data, data.value, definition.type), context)
  }
}

/** Requests on a route that the program there must answer itself, not pass on. */
export function answeredOn(registry: Registry, route: Route): RequestDefinition[] {
  return registry.requestsOn(route).filter(({ forward }) => forward === undefined)
}
