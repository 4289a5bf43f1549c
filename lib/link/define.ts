import type { Static, TSchema } from '@sinclair/typebox'
import type { Permission } from '../auth/permission.ts'
import { ClusterError } from '../errors/cluster-error.ts'

export type Role = 'control' | 'master' | 'slave' | 'instance'

/** A way that a message may travel, `<sender>-<receiver>`. */
export type Route = 'control-master' | 'master-control' | 'master-slave' | 'slave-master' | 'slave-instance' | 'instance-slave'

/** How one side of a message looks in the base dialect: its own schema, and the way there and back. */
export interface Projection<Ours> {
  readonly schema: TSchema
  encode(ours: Ours): object
  decode(base: never): Ours
}

/**
 * The same for an event whose look depends on those before it: lines that are cut out of a stream of bytes. Each
 * connection begins anew, with nothing behind it.
 */
export interface StreamProjection<Ours> {
  readonly schema: TSchema
  open(): ProjectionStream<Ours>
}

/** What one connection remembers of such an event. */
export interface ProjectionStream<Ours> {
  /** None, one or several events of the base dialect, made as they are taken: a slow peer takes no more. */
  encode(ours: Ours): Iterable<object>
  decode(base: never): Ours
}

/** What the base dialect shows of a request. */
export interface RequestProjection<Req, Res> {
  /** The ways that it travels in that dialect, where they are fewer. */
  readonly routes?: readonly Route[]
  readonly request: Projection<Req>
  readonly response: Projection<Res>
}

export interface RequestDefinition<
  Type extends string = string,
  Routes extends Route = Route,
  Req extends TSchema = TSchema,
  Res extends TSchema = TSchema,
> {
  readonly kind: 'request'
  readonly type: Type
  readonly summary: string
  readonly routes: readonly Routes[]
  /** What the sender's token must hold where the request enters the cluster. */
  readonly permission: Permission
  readonly request: Req
  readonly response: Res
  /** Field of `data` that names who shall answer: the master passes the request on to that slave. */
  readonly forward?: 'instance_id' | 'slave_id' | undefined
  /** Changes more than the connection that it comes on: with an idempotency key it is done once, and its outcome remembered. */
  readonly isMutating?: boolean | undefined
  /** Changes the connection that it comes on, so that it makes no sense over HTTP. */
  readonly isLinkOnly?: boolean | undefined
  /** How long the sender waits unless it says otherwise. */
  readonly deadlineMs: number
  /** What of it the base dialect shows; without this a base peer can't send or get it. */
  readonly base?: RequestProjection<Static<Req>, Static<Res>> | undefined
}

export interface EventDefinition<
  Type extends string = string,
  Routes extends Route = Route,
  Data extends TSchema = TSchema,
> {
  readonly kind: 'event'
  readonly type: Type
  readonly summary: string
  readonly routes: readonly Routes[]
  readonly data: Data
  /**
   * A volatile event has no place in the sequence: it is not kept for a resume, is dropped where the receiver is
   * slow, and is encoded once for all receivers. Its data must say by itself what is missing (a console's offset).
   */
  readonly isVolatile: boolean
  /** Field of `data` that the sender also puts in the header, so that the master can pass the event on unread. */
  readonly routeBy?: 'instance_id' | undefined
  readonly base?: Projection<Static<Data>> | StreamProjection<Static<Data>> | undefined
}

export type Definition = RequestDefinition | EventDefinition

export type RequestOf<D> = D extends RequestDefinition<string, Route, infer Req> ? Static<Req> : never
export type ResponseOf<D> = D extends RequestDefinition<string, Route, TSchema, infer Res> ? Static<Res> : never
export type EventOf<D> = D extends EventDefinition<string, Route, infer Data> ? Static<Data> : never

export const defaultDeadlineMs = 20_000

/** Declares a request: the one place that says its type, ways, permission, schemas and routing. */
export function defineRequest<
  const Type extends string,
  const Routes extends Route,
  Req extends TSchema,
  Res extends TSchema,
  const Forward extends 'instance_id' | 'slave_id' | undefined = undefined,
>(
  definition: Omit<RequestDefinition<Type, Routes, Req, Res>, 'kind' | 'deadlineMs' | 'forward'> & { deadlineMs?: number; forward?: Forward },
): RequestDefinition<Type, Routes, Req, Res> & { readonly forward: Forward } {
  return { kind: 'request', deadlineMs: defaultDeadlineMs, ...definition, forward: definition.forward as Forward }
}

/** Declares an event. */
export function defineEvent<const Type extends string, const Routes extends Route, Data extends TSchema>(
  definition: Omit<EventDefinition<Type, Routes, Data>, 'kind' | 'isVolatile'> & { isVolatile?: boolean },
): EventDefinition<Type, Routes, Data> {
  return { kind: 'event', isVolatile: false, ...definition }
}

/**
 * Whoever passes a request on goes by `to` alone; its data must name the same. Throws `invalid_request` where it names
 * another: one could be authorised and another done.
 */
export function checkRoute(definition: RequestDefinition, data: unknown, to: number | undefined): void {
  const { type, forward } = definition
  if (forward === undefined || routeOf(definition, data) === to) return
  throw new ClusterError('invalid_request', `${type}: "${forward}" is not the one that the request was sent to`, { details: { field: forward } })
}

/** The id that routes a message, read from its data. */
export function routeOf(definition: Definition, data: unknown): number | undefined {
  const field = definition.kind === 'request' ? definition.forward : definition.routeBy
  return field ? (data as Record<string, number>)[field] : undefined
}
