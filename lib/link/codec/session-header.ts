import type { ErrorOnWire } from '../../errors/cluster-error.ts'

/**
 * First half of a frame of the session dialect, `<header>\n<data>`. Two texts instead of one object: whoever passes a
 * message on reads and rewrites the header alone, and no duplicate key hidden in `data` can change what it saw.
 */
export interface SessionHeader {
  /** Name on the wire, or one of the session's own: hello, register_*, ready, resume, ack, heartbeat, close … */
  readonly type: string
  /** Place in the sender's sequence, from 1; the session's own frames and volatile events have none. */
  readonly seq?: number
  readonly to?: number
  readonly key?: string
  readonly reply_to?: number
  readonly error?: ErrorOnWire
  /** Highest `seq` that the sender of this frame has received. */
  readonly ack?: number
}
