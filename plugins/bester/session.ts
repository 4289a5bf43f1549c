import { ClusterError } from '../../lib/plugin.ts'
import type { Admitted, ClusterView, UserPrincipal } from '../../lib/plugin.ts'
import type { Client, Clients } from './clients.ts'
import type { Connection } from './connection.ts'
import type { Executor, Originator } from './handlers/executor.ts'
import type { Logins } from './logins.ts'
import { stringIn } from './wire/json-parts.ts'
import { dummyAnswer, isObject, member, readMessage, readPayload, readSmall, statusReport } from './wire/messages.ts'
import type { Message, Payload } from './wire/messages.ts'

/** Id of the report that answers a good login. */
const loginReportId = 'auth_special'

export interface SessionParts {
  readonly clients: Pick<Clients, 'add'>
  readonly executor: Pick<Executor, 'execute'>
  readonly logins: Pick<Logins, 'authenticate' | 'changePassword'>
  readonly cluster: Pick<ClusterView, 'isInForce'>
  readonly isPeer: (address: string) => boolean
  /** Counts a connection that is not logged in. Throws `overloaded`. */
  readonly enter: (address: string) => Admitted
  /** A connection has shown who it is. */
  readonly welcome: (connection: Connection) => void
}

interface Identity extends Originator {
  principal: UserPrincipal
  /** Takes the client off the list. */
  readonly leave: () => void
}

/** One connection, of a client or of another server: who it is, and what becomes of what it sends. */
export class Session {
  readonly #parts: SessionParts
  readonly #address: string
  readonly #connection: Connection
  #admitted: Admitted
  #deadline: NodeJS.Timeout | undefined
  #scope: 'client' | 'server' | undefined
  #identity: Identity | undefined
  #isChangingPassword = false
  #isGone = false

  /** `open` makes the connection. Throws `overloaded` when too many of the address are not logged in. */
  constructor(parts: SessionParts, address: string, handshakeMs: number, open: (session: Session) => Connection) {
    this.#parts = parts
    this.#address = address
    this.#admitted = parts.enter(address)
    this.#connection = open(this)
    this.#deadline = setTimeout(() => this.#connection.cut(), handshakeMs)
  }

  /** Handles a frame; what it throws ends the connection. */
  received(body: Buffer): Promise<void> | void {
    const message = readMessage(body)
    if (this.#scope) return this.#dispatch(readPayload(message))
    clearTimeout(this.#deadline)
    return this.#first(message)
  }

  /** The peer is gone: it is no client any more, whatever is left of what it asked for. */
  gone(): void {
    this.#isGone = true
    this.#identity?.leave()
  }

  closed(): void {
    clearTimeout(this.#deadline)
    this.#admitted.done()
    this.#identity?.leave()
  }

  async #first(message: Message): Promise<void> {
    const header = readSmall(message.get('header')?.text)
    if (!isObject(header)) throw new ClusterError('malformed', 'The first message has no header')
    const scope = member(header, 'scope')
    if (scope === 'client') {
      this.#scope = scope
      await this.#logIn(member(header, 'authentication'))
      this.#connection.send(statusReport(loginReportId, true))
      if (asksForSomething(message)) await this.#dispatch(readPayload(message))
    } else if (scope === 'server' && this.#parts.isPeer(this.#address)) {
      this.#scope = scope
      this.#admitted.done()
      await this.#dispatch(readPayload(message))
      this.#connection.close()
    } else {
      throw new ClusterError('malformed', 'The first message has no scope that this peer may have')
    }
  }

  // Most messages pass here, and each promise costs: there are as few as there can be.
  #dispatch(payload: Payload): Promise<void> | void {
    const { type, id } = payload
    if (type === 'dummy') return this.#connection.send(dummyAnswer(id))
    return (type === 'builtin' ? this.#builtIn(payload) : this.#execute(payload)).then((isGood) => {
      if (id !== undefined) this.#connection.send(statusReport(id, isGood))
    })
  }

  #execute(payload: Payload): Promise<boolean> {
    // Of clients those who have logged out may not ask; other servers are nobody.
    if (this.#scope === 'client' && !this.#identity) return Promise.resolve(false)
    return this.#parts.executor.execute(payload, this.#identity)
  }

  /** Whether the command is known and was done. */
  async #builtIn({ data }: Payload): Promise<boolean> {
    const [type, argument] = commandIn(data)
    if (type === 'close') {
      this.#connection.close()
      return true
    }
    if (this.#scope !== 'client') return false
    try {
      if (type === 'authenticate') await this.#logIn(argument)
      else if (type === 'changePassword') await this.#changePassword(argument)
      else if (type === 'logout') this.#logOut()
      else return false
      return true
    } catch {
      return false
    }
  }

  /** Makes the connection that of a user; a failure leaves it what it was. Throws `unauthenticated`, `overloaded`. */
  async #logIn(authentication: unknown): Promise<void> {
    const { clients, logins, cluster, welcome } = this.#parts
    const { username, password } = isObject(authentication) ? authentication : {}
    const principal = await logins.authenticate(this.#address, username, password)
    if (!this.#connection.isOpen || !cluster.isInForce(principal)) throw new ClusterError('unauthenticated', 'The user or the connection is gone')
    this.#identity?.leave()
    const deliver = (frame: Buffer): void => this.#connection.send(frame)
    const client: Client = { name: username as string, userId: principal.userId, deliver, recheck: () => this.#recheck() }
    this.#identity = { principal, deliver, leave: this.#isGone ? () => {} : clients.add(client) }
    this.#admitted.done()
    welcome(this.#connection)
  }

  #logOut(): void {
    if (!this.#identity) return
    this.#identity.leave()
    this.#identity = undefined
    try {
      this.#admitted = this.#parts.enter(this.#address)
    } catch {
      this.#connection.close()
    }
  }

  /** Throws `unauthenticated`, `invalid_request`, `overloaded`. */
  async #changePassword(argument: unknown): Promise<void> {
    const identity = this.#identity
    if (!identity || !isObject(argument)) throw new ClusterError('invalid_request', 'Nobody is logged in, or the passwords are missing')
    this.#isChangingPassword = true
    try {
      identity.principal = await this.#parts.logins.changePassword(this.#address, identity.principal, member(argument, 'old'), member(argument, 'new'))
    } finally {
      this.#isChangingPassword = false
      this.#recheck()
    }
  }

  /** Ends the connection when its user has been deleted or has got another password from somebody else. */
  #recheck(): void {
    if (this.#identity && !this.#isChangingPassword && !this.#parts.cluster.isInForce(this.#identity.principal)) this.#connection.close()
  }
}

/** Whether a first message is more than a login. */
function asksForSomething(message: Message): boolean {
  const type = message.get('payload')?.members.get('type')
  return type !== undefined && stringIn(type) !== 'dummy'
}

/** The command of a built-in's data; nothing where that has none. */
function commandIn(data: string): [type?: unknown, argument?: unknown] {
  try {
    const value = readSmall(data)
    const command = isObject(value) ? member(value, 'command') : undefined
    return isObject(command) ? [member(command, 'type'), member(command, 'data')] : []
  } catch {
    return []
  }
}
