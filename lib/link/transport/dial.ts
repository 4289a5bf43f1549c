import type { IncomingMessage } from 'node:http'
import { rootCertificates } from 'node:tls'
import { WebSocket } from 'ws'
import { ClusterError } from '../../errors/cluster-error.ts'
import { unreachableMaster } from '../../net/unreachable.ts'
import type { Dialect } from '../channel.ts'
import { sessionSubprotocol } from '../handshake/shapes.ts'
import { ClientSocket } from './client-socket.ts'
import type { Transport } from './transport.ts'

/** Largest frame that a client takes from its master. */
const maxPayloadBytes = 64 * 1024 * 1024

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
  const { protocol } = parsed
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
  if (signal?.aborted) throw unreachable(url, new Error('given up'))
  return new Promise((resolve, reject) => {
    const ws = new WebSocket(address, dialect === 'session' ? [sessionSubprotocol] : [], {
      handshakeTimeout: deadlineMs,
      perMessageDeflate: false,
      maxPayload: maxPayloadBytes,
      ...(ca === undefined ? {} : { ca: [...rootCertificates, ca] }),
    })
    let socket: IncomingMessage['socket'] | undefined
    const giveUp = (): void => ws.terminate()
    signal?.addEventListener('abort', giveUp, { once: true })
    ws.once('upgrade', (response) => { socket = response.socket })
    ws.on('error', (error: Error) => {
      signal?.removeEventListener('abort', giveUp)
      reject(unreachable(url, error))
    })
    ws.once('open', () => {
      signal?.removeEventListener('abort', giveUp)
      if (socket) resolve(new ClientSocket(ws, socket, address))
    })
  })
}

function unreachable(url: string, error: NodeJS.ErrnoException): ClusterError {
  return unreachableMaster(url, error, 'set tls_ca in the config of this program (`ctl config set tls_ca FILE`, `slave config set tls_ca FILE`)')
}
