import { ClusterError, withDeadline } from '../../../lib/plugin.ts'
import type { Logger } from '../../../lib/plugin.ts'
import type { Client } from '../client.ts'
import type { Service } from '../service.ts'
import { newNonce } from '../wire/proof.ts'
import type { ClientRequest } from '../wire/read.ts'
import { Subtype } from '../wire/types.ts'
import type { Failure } from '../wire/types.ts'
import { failureText, nonceText, successText } from '../wire/write.ts'
import { commandOf, dataOf } from './commands.ts'
import { Feed } from './feed.ts'
import type { FeedContext } from './feed.ts'
import { Session } from './session.ts'
import { interfaces, permissionOf, streams } from './target.ts'
import type { Target } from './target.ts'
import { verify } from './verify.ts'
import type { VerifyRules } from './verify.ts'

export interface ClusterServiceParts {
  readonly context: FeedContext
  readonly rules: VerifyRules
  readonly timeoutMs: number
  readonly log: Logger
}

/** A slave or an instance as a service provider. What clients may do is asked of their token at every request. */
export class ClusterService implements Service {
  readonly id: number
  readonly #parts: ClusterServiceParts
  readonly #feed: Feed
  readonly #sessions = new Map<Client, Session>()
  #target: Target

  constructor(id: number, target: Target, parts: ClusterServiceParts) {
    this.id = id
    this.#parts = parts
    this.#target = target
    this.#feed = new Feed(parts.context, id, target)
  }

  get name(): string {
    return this.#target.name
  }

  get kind(): 'slave' | 'instance' {
    return this.#target.kind
  }

  get isOnline(): boolean {
    return this.#target.isOnline
  }

  get key(): string {
    return this.#target.key
  }

  has(client: Client): boolean {
    return this.#sessions.has(client)
  }

  request(client: Client, request: ClientRequest): void {
    if (request.subtype === Subtype.connect) return this.#connect(client, request)
    const session = this.#sessions.get(client)
    if (!session) return
    const answer = session.reserve(request)
    try {
      const outcome = this.#answer(session, request)
      if (!(outcome instanceof Promise)) {
        answer(successText(request, JSON.stringify(outcome)), () => this.#start(session, request))
        return
      }
      const timely = withDeadline(outcome, this.#parts.timeoutMs, () => new ClusterError('deadline', 'No answer came in time'))
      timely.then((data) => answer(successText(request, JSON.stringify(data))), (error: unknown) => answer(this.#failure(request, error)))
    } catch (error) {
      answer(this.#failure(request, error))
    }
  }

  leave(client: Client): void {
    this.#end(client, 'not connected')
  }

  /** Takes over what is known of the target now. */
  update(target: Target): void {
    const isLost = this.isOnline && !target.isOnline
    this.#target = target
    if (isLost) {
      for (const client of this.#sessions.keys()) client.lost.add(this)
      this.#endAll()
    }
    this.#feed.update(target)
  }

  /** Ends what those had who are not, or no longer, allowed to have it: all of it without a good token, else single streams. */
  review(): void {
    const { cluster } = this.#parts.context
    for (const session of this.#sessions.values()) {
      const { principal } = session
      if (!principal) continue
      for (const stream of session.streams.keys()) {
        if (!cluster.holds(principal, permissionOf[stream as keyof typeof permissionOf])) this.#unsubscribe(session, stream)
      }
      if (!cluster.isInForce(principal)) this.#challengeAgain(session)
    }
  }

  close(): void {
    this.#endAll()
    this.#feed.close()
  }

  #connect(client: Client, request: ClientRequest): void {
    this.#end(client, 'not connected')
    const session = new Session(client)
    this.#sessions.set(client, session)
    client.services.add(this)
    client.send(successText(request))
    client.send(nonceText(this.id, session.nonce))
  }

  #answer(session: Session, request: ClientRequest): readonly unknown[] | Promise<readonly unknown[]> {
    const { subtype, members } = request
    const { context: { cluster }, rules } = this.#parts
    const member = (name: string): unknown => JSON.parse(members.get(name) ?? 'null')
    if (subtype === Subtype.verify) {
      this.#forgetPrincipal(session)
      session.principal = verify(member('answer'), session.nonce, session.client.address, rules)
      session.client.verified()
      return []
    }
    const { principal } = session
    if (!principal) throw new ClusterError('unauthenticated', 'Nobody is verified')
    cluster.require(principal, 'none')
    switch (subtype) {
      case Subtype.interfaces: return interfaces
      case Subtype.streams: return streams
      case Subtype.subscribe: return this.#subscribe(session, knownStream(member('stream')), request)
      case Subtype.unsubscribe: return this.#unsubscribe(session, knownStream(member('stream')))
      case Subtype.data: return dataOf(this.#target, member('interface'), member('data'))(cluster, principal)
      case Subtype.command: return commandOf(this.#target, member('interface'), member('command'), member('args'))(cluster, principal)
      default: throw new ClusterError('malformed', 'There is no such request')
    }
  }

  #subscribe(session: Session, stream: keyof typeof permissionOf, request: ClientRequest): readonly unknown[] {
    if (session.principal) this.#parts.context.cluster.require(session.principal, permissionOf[stream])
    if (!session.streams.has(stream)) session.streams.set(stream, request)
    return []
  }

  /** Lets the stream flow that a request has asked for: its answer comes first, which may have to wait for earlier ones. */
  #start(session: Session, request: ClientRequest): void {
    for (const [stream, asked] of session.streams) {
      if (asked !== request) continue
      session.streams.set(stream, 'flowing')
      this.#feed.add(stream, session.client)
    }
  }

  #unsubscribe(session: Session, stream: number): readonly unknown[] {
    if (session.streams.delete(stream)) this.#feed.remove(stream, session.client)
    return []
  }

  #forgetPrincipal(session: Session): void {
    session.principal = undefined
    for (const stream of session.streams.keys()) this.#unsubscribe(session, stream)
  }

  /** Its token is out of force: it gets a new challenge, and has nothing until it has answered that. */
  #challengeAgain(session: Session): void {
    this.#forgetPrincipal(session)
    session.nonce = newNonce()
    session.client.send(nonceText(this.id, session.nonce))
  }

  #end(client: Client, failure: Failure): void {
    const session = this.#sessions.get(client)
    if (!session) return
    this.#forgetPrincipal(session)
    this.#sessions.delete(client)
    client.services.delete(this)
    session.close(failure)
  }

  #endAll(): void {
    for (const client of this.#sessions.keys()) this.#end(client, 'service gone')
  }

  #failure(request: ClientRequest, error: unknown): string {
    const { code, message } = ClusterError.from(error)
    switch (code) {
      case 'malformed': return failureText(request, 'bad request')
      case 'unauthenticated': return failureText(request, 'not verified')
      case 'forbidden': return failureText(request, 'forbidden')
      case 'deadline': return failureText(request, 'timeout')
      case 'slave_not_connected':
      case 'link_closed':
      case 'session_lost':
      case 'unassigned':
      case 'not_found': return failureText(request, 'service gone')
      case 'internal':
        this.#parts.log.error('A request could not be answered', { error: error instanceof Error ? error.stack : String(error) })
        return failureText(request, 'bad request')
      default: return failureText(request, 'bad request', message)
    }
  }
}

function knownStream(id: unknown): keyof typeof permissionOf {
  if (!streams.some((stream) => stream.id === id)) throw new ClusterError('malformed', 'There is no such stream')
  return id as keyof typeof permissionOf
}
