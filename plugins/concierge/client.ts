import { randomUUID } from 'node:crypto'
import type { Congestible, Pressure, Principal, Subscriber, WebSocketConnection } from '../../lib/plugin.ts'
import { CloseCode } from './wire/close-codes.ts'
import { members } from './wire/encode.ts'

/** Somebody with a name and a UUID: a connected client, or an instance of the cluster. */
export interface Member {
  readonly uuid: string
  readonly name: string
  readonly nickname: string | null
  readonly tags: readonly string[]
  /** `name`, `nickname`, `uuid` and `tags` as encoded members. */
  readonly fields: string
}

/** How long a slow reader may take to come to the close frame, which stands behind all that waits for it. */
const slowGoodbyeMs = 30_000

export interface Identity {
  readonly name: string
  readonly nickname: string | null
  readonly tags: readonly string[]
  /** Who it is to the cluster, when it identified itself with a token of the cluster. */
  readonly principal: Principal | undefined
  /** Where it comes from. */
  readonly address: string
}

/** A new member's fields. The UUID is of version 4. */
export function newMember({ name, nickname, tags }: Omit<Identity, 'principal' | 'address'>): Member {
  const uuid = randomUUID()
  return { uuid, name, nickname, tags, fields: members({ name, nickname, uuid, tags }) }
}

/** The one form in which the door encodes what it publishes: a finished WebSocket frame. */
export const frameForm = 'concierge'

/** A client that has identified itself. */
export class Client implements Member, Subscriber, Congestible {
  readonly form = frameForm
  readonly uuid: string
  readonly name: string
  readonly nickname: string | null
  readonly tags: readonly string[]
  readonly fields: string
  readonly principal: Principal | undefined
  readonly address: string
  readonly connection: WebSocketConnection
  /** Names of the groups that go with it. */
  readonly ownedGroups = new Set<string>()
  /** Console lines on their way to instances. */
  commandsInFlight = 0
  isStalled = false
  readonly #pressure: Pressure<Client>
  #received = 0

  constructor(identity: Identity, connection: WebSocketConnection, pressure: Pressure<Client>) {
    const member = newMember(identity)
    this.uuid = member.uuid
    this.name = member.name
    this.nickname = member.nickname
    this.tags = member.tags
    this.fields = member.fields
    this.principal = identity.principal
    this.address = identity.address
    this.connection = connection
    this.#pressure = pressure
  }

  get bufferedBytes(): number {
    return this.connection.bufferedBytes
  }

  /** Counts a text frame; gives its number, the first being 0. */
  nextSeq(): number {
    const seq = this.#received
    this.#received += 1
    return seq
  }

  deliver(frame: string | Buffer): void {
    this.connection.send(frame as Buffer)
    if (this.connection.queuedBytes > this.#pressure.congestedBytes) this.#pressure.congested(this)
  }

  overflowed(): void {
    this.connection.close(CloseCode.tooSlow, 'You read too slowly: too much waits for you', slowGoodbyeMs)
  }
}
