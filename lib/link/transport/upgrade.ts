import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { ClusterError } from '../../errors/cluster-error.ts'

const supportedVersion = '13'
const keyPattern = /^[+/0-9A-Za-z]{22}==$/
/** Proves to a client that the server speaks WebSocket (RFC 6455, 1.3). */
const proofSuffix = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/**
 * Turns a connection that asks for it into a WebSocket without extensions (RFC 6455, 4.2), and gives the subprotocol
 * that was agreed on: the one that is known here, where the client offers it. Throws `invalid_request`; nothing is
 * written then.
 */
export function acceptUpgrade({ method, headers }: IncomingMessage, socket: Duplex, known: string): string | undefined {
  const key = headers['sec-websocket-key']
  if (method !== 'GET' || headers.upgrade?.toLowerCase() !== 'websocket' || key === undefined || !keyPattern.test(key)) {
    throw new ClusterError('invalid_request', 'This address is for WebSockets: the request is not one for a WebSocket')
  }
  if (headers['sec-websocket-version'] !== supportedVersion) {
    throw new ClusterError('invalid_request', `This address is for WebSockets of version ${supportedVersion}`)
  }
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim())
  const protocol = offered.includes(known) ? known : undefined
  if (socket instanceof Socket) socket.setTimeout(0).setNoDelay(true)
  socket.write([
    'HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Accept: ${proofOf(key)}`,
    ...(protocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${protocol}`]),
    '', '',
  ].join('\r\n'))
  return protocol
}

/** What a server answers to a client's key (RFC 6455, 4.2.2). */
export function proofOf(key: string): string {
  return createHash('sha1').update(key + proofSuffix).digest('base64')
}
