import type { Pressure, Topics } from '../../../lib/plugin.ts'
import type { Client } from '../client.ts'
import { limits } from '../limits.ts'
import type { Service } from '../service.ts'
import type { ClientRequest, ProviderMessage } from '../wire/read.ts'
import { Subtype, Type } from '../wire/types.ts'
import type { Failure } from '../wire/types.ts'
import { publicationOf } from '../wire/publication.ts'
import { challengeText, failureText, forwardedText, noticeText, responseText, streamText } from '../wire/write.ts'
import { Deadlines } from './deadlines.ts'
import { GivenUp } from './given-up.ts'
import { Provider } from './provider.ts'
import type { ProviderOptions } from './provider.ts'
import { Session } from './session.ts'
import type { OpenRequest } from './session.ts'

export interface ExternalOptions extends Omit<ProviderOptions, 'events'> {
  readonly id: number
  readonly timeoutMs: number
  readonly topics: Topics
  readonly pressure: Pressure<Client>
  readonly changed: () => void
  /** A frame of the provider was garbage, or for nobody. */
  readonly ignored: () => void
}

/** A provider elsewhere: requests are passed on with the client's number, responses and streams come back by it. */
export class ExternalService implements Service {
  readonly kind = 'external'
  readonly id: number
  readonly name: string
  readonly #options: ExternalOptions
  readonly #provider: Provider
  readonly #sessions = new Map<number, Session>()
  readonly #givenUp = new GivenUp()
  readonly #deadlines = new Deadlines<OpenRequest>((item) => this.#expired(item))

  constructor(options: ExternalOptions) {
    this.id = options.id
    this.name = options.setting.name
    this.#options = options
    this.#provider = new Provider({
      ...options,
      events: {
        opened: options.changed,
        lost: () => this.#lost(),
        received: (message) => {
          if (!this.#received(message)) options.ignored()
          // Of all its clients: it is not made to wait for the one or two that a frame may be for.
          options.pressure.published(this.#provider, this.#sessions.size, ({ cn }) => this.#sessions.has(cn))
        },
        ignored: options.ignored,
      },
    })
    this.#provider.dial()
  }

  get isOnline(): boolean {
    return this.#provider.isOnline
  }

  has(client: Client): boolean {
    const session = this.#sessions.get(client.cn)
    return session !== undefined && session.state !== 'closed'
  }

  request(client: Client, request: ClientRequest): void {
    let session = this.#sessions.get(client.cn)
    if (!session) {
      this.#sessions.set(client.cn, session = new Session(client))
      client.services.add(this)
    }
    client.asked(request)
    // What a connect decides on waits for it.
    if (session.state === 'connecting') session.held.push(request)
    else this.#forward(session, request)
  }

  leave(client: Client): void {
    const session = this.#sessions.get(client.cn)
    if (!session) return
    const connects = [...session.open].filter(({ request }) => request.subtype === Subtype.connect)
    this.#forget(session, 'not connected')
    this.#givenUp.add(client.cn, connects, session.isKnownThere)
    if (session.isKnownThere) this.#tellGone(client.cn)
  }

  close(): void {
    this.#provider.close()
    this.#deadlines.clear()
  }

  #forward(session: Session, request: ClientRequest): void {
    const { client } = session
    if (request.subtype !== Subtype.connect && session.state !== 'connected') return this.#fail(session, request, 'not connected')
    if (!this.#provider.isReading) return this.#fail(session, request, 'timeout')
    if (request.subtype === Subtype.connect) {
      session.state = 'connecting'
      session.identifier = undefined
      if (this.#givenUp.connects(client.cn)) this.#provider.send(noticeText(client.cn))
    }
    const item: OpenRequest = { session, request, deadlineAt: performance.now() + this.#options.timeoutMs }
    session.open.add(item)
    this.#deadlines.add(item)
    this.#provider.send(forwardedText(client.cn, request, session.identifier))
  }

  /** Whether it was for somebody. */
  #received(message: ProviderMessage): boolean {
    switch (message.type) {
      case Type.response: return this.#answered(message)
      case Type.stream: return this.#streamed(message)
      case Type.request: return this.#challenged(message)
      default: return false
    }
  }

  #answered({ cn, subtype, isOk, idKey, members }: ProviderMessage): boolean {
    if (cn === undefined || isOk === undefined || (members.get('client')?.length ?? 0) > limits.identifierLength) return false
    const session = this.#sessions.get(cn)
    const item = session?.find(subtype, idKey)
    const late = subtype === Subtype.connect ? this.#givenUp.take(cn, idKey, item !== undefined) : undefined
    if (!session || !item || late) {
      if (subtype === Subtype.connect && isOk && !late?.wasTold) this.#acceptedLate(cn)
      return false
    }
    this.#settle(item)
    if (subtype === Subtype.connect) {
      session.state = isOk ? 'connected' : 'closed'
      session.isKnownThere = isOk
    }
    if (subtype === Subtype.verify) {
      session.identifier = isOk ? members.get('client') ?? session.identifier : undefined
      if (isOk) session.client.verified()
    }
    session.client.send(responseText(item.request, isOk, members))
    this.#release(session)
    return true
  }

  /** The provider takes a client for connected that has given up or gone since; unless it has come back. */
  #acceptedLate(cn: number): void {
    const session = this.#sessions.get(cn)
    if (session && session.state !== 'closed') return
    if (session) session.isKnownThere = false
    this.#tellGone(cn)
  }

  #tellGone(cn: number): void {
    this.#givenUp.told(cn)
    this.#provider.send(noticeText(cn))
  }

  #streamed({ subtype, cns = [], members }: ProviderMessage): boolean {
    const clients = new Set<Client>()
    for (const cn of cns) {
      const session = this.#sessions.get(cn as number)
      if (session?.state === 'connected') clients.add(session.client)
    }
    if (clients.size === 0) return false
    this.#options.topics.publishTo(clients, publicationOf(() => streamText(this.id, subtype, members)))
    return true
  }

  #challenged({ cn, subtype, members }: ProviderMessage): boolean {
    const session = cn === undefined ? undefined : this.#sessions.get(cn)
    if (subtype !== Subtype.challenge || !session || session.state === 'closed') return false
    session.client.send(challengeText(this.id, members))
    return true
  }

  #expired(item: OpenRequest): void {
    const { session, request } = item
    this.#settle(item, false)
    if (request.subtype === Subtype.connect) {
      session.state = 'closed'
      this.#givenUp.add(session.client.cn, [item], false)
    }
    if (request.subtype === Subtype.connect || request.subtype === Subtype.verify) session.identifier = undefined
    session.client.send(failureText(request, 'timeout'))
    this.#release(session)
  }

  /** Goes on with what has waited for a connect, up to the next one. */
  #release(session: Session): void {
    while (session.state !== 'connecting') {
      const request = session.held.shift()
      if (!request) break
      this.#forward(session, request)
    }
    // One that is nothing to the provider need not be remembered.
    if (session.state === 'closed' && !session.isKnownThere && session.open.size === 0) this.#forget(session, 'not connected')
  }

  #settle(item: OpenRequest, isTimed = true): void {
    if (isTimed) this.#deadlines.delete(item)
    item.session.open.delete(item)
    item.session.client.answered(item.request)
  }

  #fail({ client }: Session, request: ClientRequest, failure: Failure): void {
    client.answered(request)
    client.send(failureText(request, failure))
  }

  #forget(session: Session, failure: Failure): void {
    const { client, open, held } = session
    session.state = 'closed'
    session.identifier = undefined
    this.#sessions.delete(client.cn)
    client.services.delete(this)
    for (const item of open) {
      this.#settle(item)
      client.send(failureText(item.request, failure))
    }
    session.held = []
    for (const request of held) this.#fail(session, request, failure)
  }

  #lost(): void {
    this.#options.pressure.forget(this.#provider)
    for (const session of this.#sessions.values()) {
      session.isKnownThere = false
      session.client.lost.add(this)
      this.#forget(session, 'service gone')
    }
    this.#givenUp.clear()
    this.#options.changed()
  }
}
