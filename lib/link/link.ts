import { ClusterError } from '../errors/cluster-error.ts'
import { longestTimerMs } from '../net/with-deadline.ts'
import type { Channel } from './channel.ts'
import { maxKeyLength } from './codec/session.ts'
import { routeOf } from './define.ts'
import type { EventDefinition, EventOf, RequestDefinition, RequestOf, ResponseOf, Role, Route } from './define.ts'
import { LinkFault } from './fault.ts'
import type { EventMessage, Received, RequestMessage, ResponseMessage } from './message.ts'
import { OpenRequests } from './open-requests.ts'
import { Payload } from './payload.ts'
import type { Registry } from './registry.ts'
import { check } from './validate.ts'

/** What the owner of a link does with what arrives. */
export interface LinkOwner {
  /** Answers a request with its response's data, as a value or as a payload that is only passed on; throws ClusterError. */
  answer(definition: RequestDefinition, request: RequestMessage, link: Link): Promise<unknown>
  /** Takes an event; what it throws is reported and nothing else. */
  accept(definition: EventDefinition, event: EventMessage, link: Link): void
  /** The connection under the link was lost or is back; requests go on when it is back. */
  connected?(isConnected: boolean, link: Link): void
  closed?(reason: string, link: Link): void
}

/** Told of what goes over a link, for figures and the log. */
export interface LinkObserver {
  answered(type: string, result: string, seconds: number): void
  event(type: string): void
  unknownEvent(type: string): void
  failed(what: string, error: unknown): void
}

export interface LinkOptions {
  readonly self: Role
  readonly peer: Role
  readonly registry: Registry
  readonly owner: LinkOwner
  readonly observer?: LinkObserver
  /** Requests of the peer that may be open at once; more are refused with `overloaded`. */
  readonly maxRequestsInFlight?: number
}

export interface SendOptions {
  /** Milliseconds until the request fails with `deadline`; the definition's own when left out. */
  readonly deadlineMs?: number | undefined
  /** Idempotency key (see RequestMessage). */
  readonly key?: string | undefined
}

interface Pending {
  readonly definition: RequestDefinition
  readonly timer: NodeJS.Timeout
  resolve(data: Payload): void
  reject(error: ClusterError): void
}

/** A request of the peer that is being answered. */
interface Call {
  readonly seq: number
  readonly type: string
  readonly definition: RequestDefinition | undefined
  /** When it came, on the monotonic clock. */
  readonly started: number
}

const defaultMaxInFlight = 1_000
/** How many requests that ran out of time are remembered, so that their late answers are known for what they are. */
const maxExpired = 1_000

/** The typed conversation over one channel: requests with answers in both directions, and events (seed 001). */
export class Link {
  readonly channel: Channel
  readonly peer: Role
  readonly #options: LinkOptions
  readonly #outgoing: Route
  readonly #incoming: Route
  readonly #pending = new OpenRequests<Pending>()
  readonly #expired = new Set<number>()
  #inFlight = 0
  #end: ClusterError | undefined

  constructor(channel: Channel, options: LinkOptions) {
    this.channel = channel
    this.peer = options.peer
    this.#options = options
    this.#outgoing = `${options.self}-${options.peer}` as Route
    this.#incoming = `${options.peer}-${options.self}` as Route
    channel.start({
      message: (received) => this.#receive(received),
      connected: (isConnected) => this.#tell('connected', () => options.owner.connected?.(isConnected, this)),
      closed: ({ reason, error }) => this.#onClosed(reason, error),
    })
  }

  get isOpen(): boolean {
    return this.#end === undefined && this.channel.isOpen
  }

  get isConnected(): boolean {
    return this.isOpen && this.channel.isConnected
  }

  /** Asks the peer and gives its checked answer. Throws what the peer answered, `deadline`, or the error that ended the link. */
  async send<D extends RequestDefinition>(definition: D, data: RequestOf<D>, options: SendOptions = {}): Promise<ResponseOf<D>> {
    const request = { to: routeOf(definition, data), key: options.key, data: Payload.ofValue(data) }
    const answer = await this.relay(definition, request, options.deadlineMs)
    return check(definition.response, answer.value, `Answer to ${definition.type}`, 'malformed') as ResponseOf<D>
  }

  /** Passes a request on without looking at its data, and gives the answer as it came. Throws as `send` does. */
  relay(definition: RequestDefinition, request: Pick<RequestMessage, 'to' | 'key' | 'data'>, deadlineMs = definition.deadlineMs): Promise<Payload> {
    if (!definition.routes.includes(this.#outgoing)) {
      return Promise.reject(new ClusterError('unknown_type', `${definition.type} does not travel on ${this.#outgoing}`))
    }
    if ((request.key?.length ?? 0) > maxKeyLength) {
      return Promise.reject(new ClusterError('invalid_request', `An idempotency key has at most ${maxKeyLength} characters`))
    }
    if (this.#end) return Promise.reject(this.#end)
    return new Promise((resolve, reject) => {
      let seq: number
      try {
        seq = this.channel.send({ kind: 'request', type: definition.type, to: request.to, key: request.key, data: request.data })
      } catch (error) {
        reject(ClusterError.from(error))
        return
      }
      const timer = setTimeout(() => this.#expire(seq, deadlineMs), Math.min(deadlineMs, longestTimerMs))
      this.#pending.add(seq, { definition, timer, resolve, reject })
    })
  }

  /** Sends an event; a volatile one only while the peer is connected. */
  emit<D extends EventDefinition>(definition: D, data: EventOf<D>): void {
    this.pass(definition, eventMessage(definition, data))
  }

  /** Sends an event that is ready made: one and the same object for many links is encoded once. */
  pass(definition: EventDefinition, message: EventMessage): void {
    if (!this.isOpen) return
    if (definition.isVolatile || !this.channel.carries(definition)) this.channel.sendVolatile(message)
    else this.channel.send(message)
  }

  /** Ends the link in order. What is pending fails with `link_closed`. */
  close(reason: string): void {
    this.channel.close(reason)
  }

  #receive({ seq, message }: Received): void {
    if (message.kind === 'response') this.#settle(message)
    else if (message.kind === 'event') this.#acceptEvent(message)
    else this.#answer(seq, message)
  }

  // Callbacks, not async functions: every request passes here, and each promise costs as much as reading its header.
  #answer(seq: number, request: RequestMessage): void {
    const call: Call = { seq, type: request.type, definition: this.#options.registry.request(request.type, this.#incoming), started: performance.now() }
    this.#inFlight += 1
    this.#ask(call.definition, request).then(
      (data) => this.#finish(call, { data: data instanceof Payload ? data : Payload.ofValue(data) }),
      (error: unknown) => {
        const known = ClusterError.from(error)
        if (known.code === 'internal') this.#options.observer?.failed(call.type, known.cause ?? known)
        this.#finish(call, { error: known.toWire() })
      },
    )
  }

  #ask(definition: RequestDefinition | undefined, request: RequestMessage): Promise<unknown> {
    const { owner, registry, maxRequestsInFlight = defaultMaxInFlight } = this.#options
    try {
      if (this.#inFlight > maxRequestsInFlight) {
        throw new ClusterError('overloaded', `More than ${maxRequestsInFlight} requests are open on this link; wait for answers before sending more`, {
          details: { limit: 'limits.requests_in_flight' },
        })
      }
      if (!definition) throw registry.missing(request.type, `on ${this.#incoming}`)
      return owner.answer(definition, request, this)
    } catch (error) {
      return Promise.reject(ClusterError.from(error))
    }
  }

  #finish({ seq, type, definition, started }: Call, outcome: ResponseMessage['outcome']): void {
    this.#inFlight -= 1
    try {
      const sent = this.#respond(seq, type, outcome)
      // What does not exist has one name in the figures, however many a peer makes up.
      this.#options.observer?.answered(definition ? type : 'unknown', 'error' in sent ? sent.error.code : 'ok', (performance.now() - started) / 1_000)
    } catch (error) {
      this.#options.observer?.failed(type, error)
    }
  }

  /** Sends an outcome and gives what was sent: an error where the data can't be put on the wire. */
  #respond(replyTo: number, type: string, outcome: ResponseMessage['outcome']): ResponseMessage['outcome'] {
    try {
      this.channel.send({ kind: 'response', type, replyTo, outcome })
      return outcome
    } catch (error) {
      const failure = { error: ClusterError.from(error).toWire() }
      this.#options.observer?.failed(`The answer to ${type}`, error)
      this.channel.send({ kind: 'response', type, replyTo, outcome: failure })
      return failure
    }
  }

  #acceptEvent(event: EventMessage): void {
    const { registry, owner, observer } = this.#options
    const definition = registry.event(event.type, this.#incoming)
    // Without a look in the peer's dialect it is another program's event of the same name.
    if (!definition || !this.channel.carries(definition)) return observer?.unknownEvent(event.type)
    observer?.event(event.type)
    this.#tell(event.type, () => owner.accept(definition, event, this))
  }

  // What an owner does about a message or the end of a connection must not end the process or the link.
  #tell(what: string, call: () => void): void {
    try {
      call()
    } catch (error) {
      this.#options.observer?.failed(what, error)
    }
  }

  #settle({ type, replyTo, outcome }: ResponseMessage): void {
    const pending = this.#pending.get(replyTo)
    if (!pending || pending.definition.type !== type) {
      if (this.#expired.delete(replyTo) || this.channel.dialect === 'session') return
      throw new LinkFault(`Invalid message: Unhandled message ${type}_response`)
    }
    this.#pending.delete(replyTo)
    clearTimeout(pending.timer)
    if ('error' in outcome) pending.reject(ClusterError.fromWire(outcome.error))
    else pending.resolve(outcome.data)
  }

  #expire(seq: number, deadlineMs: number): void {
    const pending = this.#pending.get(seq)
    if (!pending) return
    this.#pending.delete(seq)
    this.#expired.add(seq)
    for (const oldest of this.#expired) {
      if (this.#expired.size <= maxExpired) break
      this.#expired.delete(oldest)
    }
    const { type } = pending.definition
    pending.reject(new ClusterError('deadline', `The ${this.peer} did not answer ${type} within ${deadlineMs} ms; it may still happen`, { details: { deadline_ms: deadlineMs } }))
  }

  #onClosed(reason: string, error: ClusterError): void {
    this.#end = error
    for (const { timer, reject } of this.#pending.clear()) {
      clearTimeout(timer)
      reject(error)
    }
    this.#tell('closed', () => this.#options.owner.closed?.(reason, this))
  }
}

/** An event that can be passed to many links. */
export function eventMessage<D extends EventDefinition>(definition: D, data: EventOf<D>): EventMessage {
  return { kind: 'event', type: definition.type, to: routeOf(definition, data), data: Payload.ofValue(data) }
}
