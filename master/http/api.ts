import express, { Router } from 'express'
import type { Request, Response } from 'express'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { Payload } from '../../lib/link/payload.ts'
import { routeOf } from '../../lib/link/define.ts'
import type { LinkObserver } from '../../lib/link/link.ts'
import type { Registry } from '../../lib/link/registry.ts'
import type { Admission } from '../../lib/net/admission.ts'
import { check } from '../../lib/link/validate.ts'
import type { Cluster } from '../cluster.ts'
import type { Dispatcher } from '../dispatcher.ts'
import type { Caller } from '../services/access.ts'
import type { Connections } from './connections.ts'
import { openApi } from './openapi.ts'
import { bodyError, sendError } from './errors.ts'

interface ApiParts {
  readonly cluster: Cluster
  readonly dispatcher: Dispatcher
  readonly registry: Registry
  readonly observer: LinkObserver
  readonly maxBodyBytes: number
  readonly admission: Admission
  readonly connections: Connections
}

/** Every request of a control over HTTP: `POST /api/v1/<type>` with its data as the body and a bearer token. */
export function apiRouter({ cluster, dispatcher, registry, observer, maxBodyBytes, admission, connections }: ApiParts): Router {
  const router = Router()
  const authenticate = authenticator(cluster, admission)
  const readText = express.text({ type: () => true, limit: maxBodyBytes })

  router.get('/api/openapi.json', (_request, response) => {
    response.json(openApi(registry, cluster.url))
  })

  router.post('/api/v1/:type', async (request, response) => {
    const started = performance.now()
    const { type } = request.params
    let result = 'ok'
    try {
      response.json(await answer(type, request, response))
    } catch (error) {
      const known = ClusterError.from(error)
      if (known.code === 'internal') observer.failed(type, known.cause ?? known)
      result = known.code
      sendError(response, known)
    }
    const isKnown = registry.request(type, 'control-master') !== undefined
    observer.answered(isKnown ? type : 'unknown', result, (performance.now() - started) / 1_000)
  })

  router.all('/api/v1/:type', (request, response) => {
    response.setHeader('Allow', 'POST')
    response.status(405).json({ error: new ClusterError('invalid_request', `Requests are sent with POST, not ${request.method}`).toWire() })
  })

  async function answer(type: string, request: Request, response: Response): Promise<unknown> {
    const caller = authenticate(request)
    connections.release(request.socket)
    const definition = registry.request(type, 'control-master')
    if (!definition || definition.isLinkOnly) throw registry.missing(type, 'over HTTP; see /api/openapi.json')
    // The permission goes first: who may not ask learns nothing of what is asked for.
    cluster.access.require(caller, definition.permission)
    // Nothing is kept of what is sent by somebody who may not send it.
    const body = await bodyOf(request, response)
    const data = Payload.ofText(typeof body === 'string' && body.trim() !== '' ? body : '{}')
    check(definition.request, data.value, type)
    const key = request.get('idempotency-key')
    if (key !== undefined && key.length > 128) throw new ClusterError('invalid_request', 'An idempotency key has at most 128 characters')
    const outcome = await dispatcher.answer(definition, { to: routeOf(definition, data.value), key, data }, { caller })
    return outcome instanceof Payload ? outcome.value : outcome
  }

  /** Throws `too_large`, `malformed`. */
  function bodyOf(request: Request, response: Response): Promise<unknown> {
    return new Promise((resolve, reject) => {
      readText(request, response, (error?: unknown) => {
        if (error === undefined) resolve(request.body)
        else reject(bodyError(error))
      })
    })
  }

  return router
}

/** Finds out who sends a request. Throws `unauthenticated`, or `overloaded` for an address that failed too often. */
function authenticator({ tokens }: Cluster, admission: Admission): (request: Request) => Caller {
  return (request) => {
    const { remoteAddress = 'unknown' } = request.socket
    const [scheme, token] = (request.get('authorization') ?? '').split(' ')
    if (scheme?.toLowerCase() !== 'bearer' || !token) {
      throw new ClusterError('unauthenticated', 'Send the header "Authorization: Bearer TOKEN"')
    }
    return admission.attempt(remoteAddress, () => ({ tokenId: tokens.authenticate(token).id }))
  }
}
