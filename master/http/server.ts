import { readFile } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import type { Server } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { createSecureContext } from 'node:tls'
import express from 'express'
import type { Express } from 'express'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { refuseConnection } from './refuse.ts'

export interface TlsFiles {
  readonly certificate: string
  readonly key: string
}

/** How often connections are looked through for those that take too long. */
const checkEveryMs = 1_000
const requestDeadlineMs = 60_000

/**
 * The one server of a master, HTTPS where it has a certificate, and its express application. A new connection has
 * `handshakeMs` for TLS and for the headers of its first request. Throws `invalid_config`.
 */
export async function createServer(tls: TlsFiles | undefined, handshakeMs: number): Promise<{ server: Server; app: Express }> {
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  const limits = { headersTimeout: handshakeMs, requestTimeout: Math.max(requestDeadlineMs, handshakeMs), connectionsCheckingInterval: checkEveryMs }
  const server: Server = tls ? createHttpsServer({ ...limits, ...await readTls(tls), handshakeTimeout: handshakeMs }, app) : createHttpServer(limits, app)
  // An error on a socket that nobody listens to ends the process, at whatever moment it comes.
  server.on('connection', (socket) => socket.on('error', () => socket.destroy()))
  server.on('secureConnection', (socket: NodeJS.EventEmitter & { destroy(): void }) => socket.on('error', () => socket.destroy()))
  server.on('tlsClientError', () => {})
  server.on('clientError', (_error, socket) => refuseConnection(socket, new ClusterError('malformed', 'This is no HTTP request, or it took too long')))
  return { server, app }
}

async function readTls({ certificate, key }: TlsFiles): Promise<{ cert: Buffer; key: Buffer }> {
  const files = { cert: await read(certificate, 'certificate'), key: await read(key, 'key') }
  try {
    createSecureContext(files)
  } catch (error) {
    throw new ClusterError('invalid_config', `TLS can't be served with the certificate ${certificate} and the key ${key}: ${(error as Error).message}. Both must be PEM, and belong together`, { cause: error })
  }
  return files
}

async function read(file: string, what: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (error) {
    throw new ClusterError('invalid_config', `The TLS ${what} ${file} can't be read: ${(error as Error).message}`, { cause: error })
  }
}
