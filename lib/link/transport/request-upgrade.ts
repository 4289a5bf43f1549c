import { randomBytes } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Socket } from 'node:net'
import { rootCertificates } from 'node:tls'
import { proofOf } from './upgrade.ts'

const maxLocationLength = 200

/** Why a request ends that is aborted. */
export const givenUp = 'given up'

export interface UpgradeOptions {
  /** The one subprotocol that is offered, and that the server must take. */
  readonly protocol: string | undefined
  /** Milliseconds until it must be done. */
  readonly deadlineMs: number
  /** PEM of a certificate authority to trust beside the system's own. */
  readonly ca: string | undefined
  readonly signal: AbortSignal | undefined
}

export interface Upgraded {
  readonly socket: Socket
  /** What came along with the answer. */
  readonly head: Buffer
}

/** Asks a server at a ws or wss URL for a WebSocket without extensions (RFC 6455, 4.1). Throws what went wrong. */
export function requestUpgrade(url: string, { protocol, deadlineMs, ca, signal }: UpgradeOptions): Promise<Upgraded> {
  const key = randomBytes(16).toString('base64')
  const headers = {
    'Connection': 'Upgrade', 'Upgrade': 'websocket', 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': key,
    ...(protocol === undefined ? {} : { 'Sec-WebSocket-Protocol': protocol }),
  }
  return new Promise((resolve, reject) => {
    const request = begin(url, headers, ca)
    const settled = (): void => {
      clearTimeout(deadline)
      signal?.removeEventListener('abort', giveUp)
    }
    const fail = (error: Error): void => {
      settled()
      request.destroy()
      reject(error)
    }
    const giveUp = (): void => fail(new Error(givenUp))
    const deadline = setTimeout(() => fail(new Error(`it did not answer within ${deadlineMs} ms`)), deadlineMs)
    signal?.addEventListener('abort', giveUp, { once: true })
    request.on('error', fail)
    request.once('response', (response) => fail(new Error(`it answered with ${statusOf(response)} instead of a WebSocket`)))
    request.once('upgrade', (response, socket: Socket, head) => {
      const problem = problemOf(response, key, protocol)
      if (problem !== undefined) {
        socket.destroy()
        fail(new Error(problem))
        return
      }
      settled()
      // Node takes its own listener away, and the next owner comes some promises later.
      socket.on('error', () => {})
      socket.setTimeout(0).setNoDelay(true)
      resolve({ socket, head })
    })
    request.end()
  })
}

function begin(url: string, headers: Record<string, string>, ca: string | undefined): ClientRequest {
  const { href, protocol } = new URL(url)
  // `ws` to `http`, `wss` to `https`; without an agent, which would keep connections for other requests.
  const address = href.replace('ws', 'http')
  if (protocol !== 'wss:') return httpRequest(address, { headers, agent: false })
  return httpsRequest(address, { headers, agent: false, ...(ca === undefined ? {} : { ca: [...rootCertificates, ca] }) })
}

function statusOf({ statusCode, headers: { location } }: IncomingMessage): string {
  return `status ${statusCode}${location === undefined ? '' : `, which names ${JSON.stringify(location.slice(0, maxLocationLength))} as the right address,`}`
}

/** What is wrong with an answer that agrees to the upgrade. */
function problemOf({ headers }: IncomingMessage, key: string, protocol: string | undefined): string | undefined {
  if (headers.upgrade?.toLowerCase() !== 'websocket' || headers['sec-websocket-accept'] !== proofOf(key)) return 'it does not speak WebSocket'
  if (headers['sec-websocket-extensions'] !== undefined) return 'it wants to use an extension of WebSocket that was not offered'
  if (headers['sec-websocket-protocol'] === protocol) return undefined
  return protocol === undefined ? 'it wants to speak a subprotocol that was not offered' : `it does not speak ${protocol} (a master of another make is reached with --dialect base)`
}
