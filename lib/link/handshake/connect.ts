import { ClusterError } from '../../errors/cluster-error.ts'
import { BaseChannel } from '../base-channel.ts'
import type { Channel, ChannelSettings, Dialect } from '../channel.ts'
import { BaseCodec } from '../codec/base.ts'
import type { Connection } from '../connection.ts'
import { invalidHandshake, LinkFault } from '../fault.ts'
import type { Registry } from '../registry.ts'
import { Session } from '../session/session.ts'
import { fits } from '../validate.ts'
import { Greeter } from './greeting.ts'
import { BaseReady, Hello, Ready, Resumed } from './shapes.ts'
import type { Registration } from './shapes.ts'

export interface ConnectOptions {
  readonly dialect: Dialect
  readonly registry: Registry
  readonly settings: ChannelSettings
  readonly handshakeDeadlineMs: number
  readonly registration: Registration
}

/** A session that a client may still go on with, and the proof that it is its own. */
export interface Resumable {
  readonly session: Session
  readonly secret: string
}

export interface Connected {
  readonly channel: Channel
  /** Present in the session dialect. */
  readonly resumable?: Resumable
  /** The session went on; no new channel was made. */
  readonly isResumed: boolean
}

/**
 * The client's side of the handshake. With `previous` it first tries to go on with that session; when the master does
 * not know it any more, the session ends with `session_lost` and the client registers anew on the same connection.
 * Throws `unauthenticated`, `deadline`, `link_closed`, or what else the master gave as its reason.
 */
export async function greetMaster(connection: Connection, options: ConnectOptions, previous?: Resumable): Promise<Connected> {
  const greeter = new Greeter(connection, options.dialect)
  try {
    if (!fits(Hello, await expectGreeting(greeter, 'hello', options))) throw new LinkFault(invalidHandshake)
    if (previous?.session.isOpen && (await resume(connection, greeter, options, previous))) {
      return { channel: previous.session, resumable: previous, isResumed: true }
    }
    previous?.session.end('the master does not know the session any more', 'session_lost')
    const { role, ...registration } = options.registration
    greeter.send(`register_${role}`, registration)
    const data = await expectGreeting(greeter, 'ready', options)
    return open(connection, greeter, data, options)
  } catch (error) {
    connection.transport.close(1_000, '')
    if (error instanceof LinkFault) throw new ClusterError('malformed', `What answers at this address is no Corral master: ${error.reason}`, { cause: error })
    throw error
  }
}

async function expectGreeting(greeter: Greeter, type: string, { handshakeDeadlineMs }: ConnectOptions): Promise<unknown> {
  const greeting = await greeter.next(handshakeDeadlineMs)
  if (greeting.type !== type) throw new LinkFault(invalidHandshake)
  return greeting.data
}

async function resume(connection: Connection, greeter: Greeter, { handshakeDeadlineMs }: ConnectOptions, { session, secret }: Resumable): Promise<boolean> {
  greeter.send('resume', { session_id: session.id, session_secret: secret, received: session.receivedSeq })
  const { type, data } = await greeter.next(handshakeDeadlineMs)
  if (type === 'session_unknown') return false
  if (type !== 'resumed' || !fits(Resumed, data) || data.received > session.sentSeq) throw new LinkFault(invalidHandshake)
  session.attach(connection, data.received)
  if (!session.isOpen) throw new ClusterError('link_closed', 'The session ended while it was about to go on')
  return true
}

function open(connection: Connection, greeter: Greeter, data: unknown, { dialect, registry, settings, registration }: ConnectOptions): Connected {
  if (dialect === 'base') {
    if (!fits(BaseReady, data)) throw new LinkFault(invalidHandshake)
    const channel = new BaseChannel(connection, new BaseCodec(registry, registration.role, 'master'), settings, greeter.lastSeq)
    return { channel, isResumed: false }
  }
  if (!fits(Ready, data)) throw new LinkFault(invalidHandshake)
  const session = new Session(data.session_id, settings, connection)
  return { channel: session, resumable: { session, secret: data.session_secret }, isResumed: false }
}
