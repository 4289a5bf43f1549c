import { ClusterError } from '../../lib/errors/cluster-error.ts'
import type { RequestHandlers } from '../../lib/link/handlers.ts'
import type { Link } from '../../lib/link/link.ts'
import type { Messages } from '../../lib/link/messages/index.ts'
import type { Caller } from '../services/access.ts'
import type { Origin } from '../services/instance-record.ts'

/** What a handler knows of the request that it answers. */
export interface RequestContext {
  readonly caller: Caller
  /** The connection that it came on; none over HTTP. */
  readonly link?: Link | undefined
  /** Told by the dispatcher of a request that has an idempotency key. */
  readonly origin?: Origin | undefined
}

export type ControlHandlers = RequestHandlers<Messages, 'control-master', RequestContext>

/** The link of a request that makes no sense without one. Throws `invalid_request`. */
export function linkOf({ link }: RequestContext): Link {
  if (!link) throw new ClusterError('invalid_request', 'This request changes the connection that it comes on; send it over the link, not over HTTP')
  return link
}
