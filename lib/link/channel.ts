import type { ClusterError } from '../errors/cluster-error.ts'
import type { Definition } from './define.ts'
import type { Message, Received } from './message.ts'

export type Dialect = 'base' | 'session'

/** What a channel tells its one owner, the link. */
export interface ChannelEvents {
  message(received: Received): void
  /** The connection under the channel was lost (false) or is back (true); the channel itself goes on. */
  connected(isConnected: boolean): void
  /** The channel has ended; exactly once and last. `error` is what pending requests fail with. */
  closed(info: { reason: string; error: ClusterError }): void
}

/**
 * Carries messages between two programs, each once and in order, until it is closed. The base channel lives as long
 * as its connection; a session outlives connections.
 */
export interface Channel {
  readonly dialect: Dialect
  readonly address: string
  readonly isOpen: boolean
  /** Whether a connection to the peer exists at this moment. */
  readonly isConnected: boolean
  /** Bytes that were sent and are not yet with the operating system. */
  readonly bufferedBytes: number
  start(events: ChannelEvents): void
  /** Whether a message of this kind exists for the peer, which may speak a dialect that lacks it. */
  carries(definition: Definition): boolean
  /** Whether the keys of requests reach the peer, so that it can keep their outcomes. */
  readonly carriesKeys: boolean
  /** Sends a message and returns the `seq` that it got. */
  send(message: Message): number
  /** Sends an event outside the sequence: only to a peer that is connected now, never kept or repeated. */
  sendVolatile(message: Message): void
  /** Ends the channel in order: the peer is told the reason (seed 001, Closing the connection). */
  close(reason: string): void
}

/** Settings of channels, compiled: nothing is optional. */
export interface ChannelSettings {
  /** A sign of life is sent this often. */
  readonly heartbeatMs: number
  /** A peer that was silent for this long, rounded up to whole beats and at least two, is dead. */
  readonly heartbeatTimeoutMs: number
  /** How long a session waits for its peer to come back. */
  readonly resumeWindowMs: number
  /** Bytes that a peer may owe an acknowledgement (session) or leave unread (base) before the channel ends. */
  readonly sendBufferBytes: number
  /** An acknowledgement goes along with something else that is sent after this many messages, … */
  readonly ackAlongMessages: number
  /** … is sent after this many messages or bytes in any case, … */
  readonly ackEveryMessages: number
  readonly ackEveryBytes: number
  /** … or this long after a message, whichever comes first. */
  readonly ackDelayMs: number
}

export const defaultChannelSettings: ChannelSettings = {
  heartbeatMs: 5_000,
  heartbeatTimeoutMs: 15_000,
  resumeWindowMs: 15_000,
  sendBufferBytes: 16 * 1024 * 1024,
  ackAlongMessages: 32,
  ackEveryMessages: 256,
  ackEveryBytes: 256 * 1024,
  ackDelayMs: 100,
}
