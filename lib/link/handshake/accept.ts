import { randomUUID } from 'node:crypto'
import { ClusterError } from '../../errors/cluster-error.ts'
import { withDeadline } from '../../net/with-deadline.ts'
import { BaseChannel } from '../base-channel.ts'
import type { Channel, ChannelSettings, Dialect } from '../channel.ts'
import { BaseCodec } from '../codec/base.ts'
import type { Connection } from '../connection.ts'
import { authenticationFailed, invalidHandshake, LinkFault } from '../fault.ts'
import type { Registry } from '../registry.ts'
import { Session } from '../session/session.ts'
import type { Sessions } from '../session/sessions.ts'
import { fits } from '../validate.ts'
import { Greeter } from './greeting.ts'
import type { Greeting } from './greeting.ts'
import { protocolVersion, RegisterControl, RegisterSlave, Resume } from './shapes.ts'
import type { Registration } from './shapes.ts'

export interface AcceptOptions<Owner> {
  readonly dialect: Dialect
  readonly registry: Registry
  readonly settings: ChannelSettings
  readonly handshakeDeadlineMs: number
  readonly sessions: Sessions<Owner>
  /** Who registers, from its token. Throws `unauthenticated` or `forbidden`; the peer gets `Authentication failed`. */
  authenticate(registration: Registration): Owner | Promise<Owner>
  /** Whether the owner of a session may still go on with it. */
  mayResume(owner: Owner): boolean
}

export interface Accepted<Owner> {
  readonly channel: Channel
  readonly owner: Owner
  readonly registration: Registration
  /**
   * Whether the registration has told all that there is to know of the peer. A slave of Corral first tells which data
   * directory it has: a copy of its config must not push it out.
   */
  readonly isIntroduced: boolean
}

/**
 * The master's side of the handshake (seed 001, Handshake): hello, register, ready. Returns the new channel, or
 * undefined when the connection went to a session that was there already. A peer that does not keep to the handshake
 * gets a `close` with the reason; then this throws the ClusterError that says it.
 */
export async function acceptConnection<Owner>(connection: Connection, options: AcceptOptions<Owner>): Promise<Accepted<Owner> | undefined> {
  const greeter = new Greeter(connection, options.dialect)
  try {
    greeter.send('hello', { version: protocolVersion })
    let greeting = await greeter.next(options.handshakeDeadlineMs)
    if (options.dialect === 'session' && greeting.type === 'resume') {
      if (resume(connection, greeter, greeting, options)) return undefined
      greeter.send('session_unknown', {})
      greeting = await greeter.next(options.handshakeDeadlineMs)
    }
    const registration = readRegistration(greeting)
    const owner = await authenticated(registration, options)
    if (!connection.transport.isOpen) throw new ClusterError('link_closed', 'The peer left before it was let in')
    const isIntroduced = registration.role === 'control' || options.dialect === 'base'
    return { channel: open(connection, greeter, registration, owner, options), owner, registration, isIntroduced }
  } catch (error) {
    const [known, baseReason] = refusal(error)
    greeter.refuse(known, baseReason)
    throw known
  }
}

async function authenticated<Owner>(registration: Registration, { authenticate, handshakeDeadlineMs: ms }: AcceptOptions<Owner>): Promise<Owner> {
  return withDeadline(
    (async () => authenticate(registration))(),
    ms,
    () => new ClusterError('overloaded', `The token could not be checked within ${ms} ms; try again`),
  )
}

function resume<Owner>(connection: Connection, greeter: Greeter, { data }: Greeting, { sessions, mayResume }: AcceptOptions<Owner>): boolean {
  if (!fits(Resume, data)) throw new LinkFault(invalidHandshake)
  const found = sessions.find(data.session_id, data.session_secret)
  // Who has received more than was sent belongs to another life of this session.
  if (!found || data.received > found.session.sentSeq || !mayResume(found.owner)) return false
  greeter.send('resumed', { received: found.session.receivedSeq })
  found.session.attach(connection, data.received)
  return true
}

function readRegistration({ type, data }: Greeting): Registration {
  if (type === 'register_slave' && fits(RegisterSlave, data)) return { role: 'slave', ...data }
  if (type === 'register_control' && fits(RegisterControl, data)) return { role: 'control', ...data }
  throw new LinkFault(invalidHandshake)
}

function open<Owner>(
  connection: Connection,
  greeter: Greeter,
  registration: Registration,
  owner: Owner,
  { dialect, registry, settings, sessions }: AcceptOptions<Owner>,
): Channel {
  if (dialect === 'base') {
    greeter.send('ready', {})
    return new BaseChannel(connection, new BaseCodec(registry, 'master', registration.role), settings, greeter.lastSeq)
  }
  const session = new Session(randomUUID(), settings, connection)
  const secret = sessions.add(session, owner)
  greeter.send('ready', { session_id: session.id, session_secret: secret })
  return session
}

function refusal(error: unknown): [ClusterError, string] {
  if (error instanceof LinkFault) return [new ClusterError('malformed', invalidHandshake), invalidHandshake]
  const known = ClusterError.from(error)
  if (known.code === 'unauthenticated' || known.code === 'forbidden') return [known, authenticationFailed]
  if (known.code === 'deadline') return [known, invalidHandshake]
  return [known, known.code === 'internal' ? 'Internal error' : known.message]
}
