import { readFile } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import type { Server } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import express from 'express'
import type { Express } from 'express'
import { ClusterError } from '../../lib/errors/cluster-error.ts'

export interface TlsFiles {
  readonly certificate: string
  readonly key: string
}

const headersDeadlineMs = 10_000
const requestDeadlineMs = 60_000

/** The one server of a master, HTTPS where it has a certificate, and its express application. Throws `invalid_config`. */
export async function createServer(tls: TlsFiles | undefined): Promise<{ server: Server; app: Express }> {
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  const server = tls ? createHttpsServer(await readTls(tls), app) : createHttpServer(app)
  server.headersTimeout = headersDeadlineMs
  server.requestTimeout = requestDeadlineMs
  // An error on a socket that nobody listens to ends the process, at whatever moment it comes.
  server.on('connection', (socket) => socket.on('error', () => socket.destroy()))
  server.on('secureConnection', (socket: NodeJS.EventEmitter & { destroy(): void }) => socket.on('error', () => socket.destroy()))
  server.on('tlsClientError', () => {})
  server.on('clientError', (_error, socket) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
    else socket.destroy()
  })
  return { server, app }
}

async function readTls({ certificate, key }: TlsFiles): Promise<{ cert: Buffer; key: Buffer }> {
  return { cert: await read(certificate, 'certificate'), key: await read(key, 'key') }
}

async function read(file: string, what: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (error) {
    throw new ClusterError('invalid_config', `The TLS ${what} ${file} can't be read: ${(error as Error).message}`, { cause: error })
  }
}
