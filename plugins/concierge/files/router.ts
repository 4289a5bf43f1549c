import { Router } from 'express'
import type { Request, Response } from 'express'
import { pipeline } from 'node:stream/promises'
import type { Logger } from '../../../lib/plugin.ts'
import { Client } from '../client.ts'
import type { Roster } from '../roster.ts'
import { isUuid } from '../wire/payload.ts'
import type { Depot } from './depot.ts'
import { contentDisposition, readFilePath } from './path.ts'
import type { FilePath } from './path.ts'
import { FileRefusal } from './refusal.ts'
import { receive } from './receive.ts'

const methods = ['GET', 'POST', 'PUT', 'DELETE']
/** Transfers with one key at a time. */
const maxTransfers = 32
/** A download that does not move for this long, or takes as long as this in all, is ended. */
const downloadIdleMs = 30_000
const downloadDeadlineMs = 600_000

interface FileServerParts {
  readonly depot: Depot
  readonly roster: Roster
  readonly log: Logger
}

/** The file server: `/{client name}/{path}` with a connected client's UUID in the header `x-fs-key`. */
export function fileRouter({ depot, roster, log }: FileServerParts): Router {
  const router = Router()
  const transfers = new Map<string, number>()

  router.use(async (request, response) => {
    response.setHeader('Access-Control-Allow-Origin', '*')
    if (request.method === 'OPTIONS') {
      response.setHeader('Access-Control-Allow-Methods', methods.join(', '))
      response.setHeader('Access-Control-Allow-Headers', 'x-fs-key')
      response.setHeader('Access-Control-Max-Age', '600')
      response.status(204).end()
      return
    }
    try {
      if (!methods.includes(request.method)) {
        response.setHeader('Allow', methods.join(', '))
        throw new FileRefusal(405, `There is no ${request.method} here; use ${methods.join(', ')}`)
      }
      const client = clientOf(request, roster)
      await withTransfer(client.uuid, () => answer(client, request, response))
    } catch (error) {
      refuse(response, error, log)
    }
  })

  async function withTransfer(key: string, transfer: () => Promise<void>): Promise<void> {
    const present = transfers.get(key) ?? 0
    if (present >= maxTransfers) throw new FileRefusal(429, `One key can have ${maxTransfers} transfers at a time`)
    transfers.set(key, present + 1)
    try {
      await transfer()
    } finally {
      const left = (transfers.get(key) ?? 1) - 1
      if (left > 0) transfers.set(key, left)
      else transfers.delete(key)
    }
  }

  async function answer(client: Client, request: Request, response: Response): Promise<void> {
    const path = readFilePath(request.path)
    if (request.method === 'GET') return download(path, response)
    if (!path || path.folder !== client.name) throw new FileRefusal(403, 'You can change files in your own folder only')
    if (request.method === 'DELETE') {
      if (!await depot.delete(client.uuid, path.file)) throw noSuchFile()
      response.status(200).end()
      return
    }
    await receive(depot, client, path.file, request, () => roster.byUuid(client.uuid) === client)
    response.status(201).end()
  }

  async function download(path: FilePath | undefined, response: Response): Promise<void> {
    const owner = path && roster.byName(path.folder)
    const found = owner && await depot.read(owner.uuid, path.file)
    if (!found) throw noSuchFile()
    response.status(202)
    response.setHeader('Content-Type', 'application/octet-stream')
    response.setHeader('Content-Length', found.bytes)
    response.setHeader('Content-Disposition', contentDisposition(path.file))
    response.setHeader('X-Content-Type-Options', 'nosniff')
    response.setTimeout(downloadIdleMs, () => response.destroy())
    await pipeline(found.stream, response, { signal: AbortSignal.timeout(downloadDeadlineMs) })
  }

  return router
}

/** Whose key a request has. Throws FileRefusal: 428 without one, 417 for one that is no UUID, 401 for one of nobody here. */
function clientOf(request: Request, roster: Roster): Client {
  const key = request.get('x-fs-key')
  if (key === undefined) throw new FileRefusal(428, 'Send your UUID in the header x-fs-key')
  if (!isUuid(key)) throw new FileRefusal(417, 'The header x-fs-key is not a UUID')
  const client = roster.byUuid(key)
  if (!(client instanceof Client)) throw new FileRefusal(401, 'The header x-fs-key is not the UUID of a connected client')
  return client
}

function noSuchFile(): FileRefusal {
  return new FileRefusal(404, 'There is no such file')
}

function refuse(response: Response, error: unknown, log: Logger): void {
  // The peer went away, or what it gets can't be completed any more.
  if (response.headersSent || response.destroyed) {
    response.destroy()
    return
  }
  if (error instanceof FileRefusal) {
    response.status(error.status).json({ error: error.message })
    return
  }
  const isFull = (error as NodeJS.ErrnoException).code === 'ENOSPC'
  log.error('The file server failed', { error: String(error) })
  response.status(isFull ? 507 : 500).json({ error: isFull ? 'The disk is full' : 'Internal error' })
}
