import { ClusterError } from '../../errors/cluster-error.ts'
import { unreachableMaster } from '../../net/unreachable.ts'
import type { Dialect } from '../channel.ts'
import { sessionSubprotocol } from '../handshake/shapes.ts'
import { FrameSocket } from './frame-socket.ts'
import { givenUp, requestUpgrade } from './request-upgrade.ts'
import type { Transport } from './transport.ts'

/** Largest frame that a client takes from its master. */
const maxPayloadBytes = 64 * 1024 * 1024

const trustHint = 'set tls_ca in the config of this program (`ctl config set tls_ca FILE`, `slave config set tls_ca FILE`)'

export interface DialOptions {
  readonly dialect: Dialect
  readonly deadlineMs: number
  /** PEM of a certificate authority to trust beside the system's own, for masters with a certificate of their own making. */
  readonly ca?: string | undefined
  /** Gives up when it is aborted. */
  readonly signal?: AbortSignal | undefined
}

/** The WebSocket address of a master that is named by an http, https, ws or wss URL. Throws `invalid_config`. */
export function socketUrl(url: string): string {
  let parsed: URL
  try {
    parsed = new URL(url)
  } catch {
    throw new ClusterError('invalid_config', `"${url}" is no URL; a master is named like http://HOST:8080`)
  }
  const { protocol, username, password } = parsed
  // Not quoted: it would stand in logs.
  if (username !== '' || password !== '') throw new ClusterError('invalid_config', 'The URL of a master has no user name and no password; who may connect is told by a token')
  if (!/^(?:https?|wss?):$/.test(protocol)) {
    throw new ClusterError('invalid_config', `"${url}" must begin with http://, https://, ws:// or wss://`)
  }
  const scheme = protocol === 'https:' || protocol === 'wss:' ? 'wss:' : 'ws:'
  const path = parsed.pathname === '/' || parsed.pathname === '' ? '/api/socket' : parsed.pathname
  return `${scheme}//${parsed.host}${path}${parsed.search}`
}

/** Opens a connection to a master. Throws `unreachable` with the reason. */
export async function dial(url: string, { dialect, deadlineMs, ca, signal }: DialOptions): Promise<Transport> {
  const address = socketUrl(url)
  try {
    if (signal?.aborted) throw new Error(givenUp)
    const protocol = dialect === 'session' ? sessionSubprotocol : undefined
    const { socket, head } = await requestUpgrade(address, { protocol, deadlineMs, ca, signal })
    return new FrameSocket(socket, head, { side: 'client', address, maxBytes: maxPayloadBytes })
  } catch (error) {
    throw unreachableMaster(url, error as NodeJS.ErrnoException, trustHint)
  }
}
