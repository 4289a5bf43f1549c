import type { Express, RequestHandler, Response } from 'express'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import type { PluginGuard } from '../../lib/plugin/guard.ts'
import type { WebSocketDoor } from '../../lib/plugin/master-context.ts'
import { sendError } from '../http/errors.ts'

/**
 * Mounts a plugin's router so that it can be taken away: express itself knows no way back. What a handler throws, at
 * once or at an event of the request, costs that request; requests that are open when it is taken away are ended.
 */
export function mount(app: Express, path: string, router: RequestHandler, guard: PluginGuard): () => void {
  const where = `route ${path}`
  const open = new Set<Response>()
  let isMounted = true
  app.use(path, (request, response, next) => {
    if (!isMounted) return next()
    open.add(response)
    response.once('close', () => open.delete(response))
    guard.contain(request, where, () => end(response, new ClusterError('internal', 'Internal error; see the log of the master')))
    guard.contain(response, where, () => response.destroy())
    const conclude = (error?: unknown): void => {
      // `next('router')` and what body readers refuse are no faults of the plugin.
      const isFault = error instanceof Error && ClusterError.from(error).code === 'internal' && !('status' in error)
      if (isFault) guard.failed(where, error)
      next(error)
    }
    try {
      const outcome: unknown = guard.run(() => router(request, response, conclude))
      if (outcome instanceof Promise) outcome.catch(conclude)
    } catch (error) {
      conclude(error)
    }
  })
  return () => {
    isMounted = false
    for (const response of open) end(response, new ClusterError('shutting_down', 'What served this address has stopped'))
  }
}

function end(response: Response, error: ClusterError): void {
  if (response.headersSent) response.destroy()
  else sendError(response, error)
}

/** A plugin's door, whose listeners on a connection can't take down more than that connection. */
export function contained(door: WebSocketDoor, guard: PluginGuard): WebSocketDoor {
  const where = `door ${door.path ?? door.subprotocols?.join(', ') ?? ''}`
  return {
    ...door,
    upgrade: (request, socket, head) => {
      guard.contain(socket, where, () => socket.destroy())
      try {
        guard.run(() => door.upgrade(request, socket, head))
      } catch (error) {
        if (ClusterError.from(error).code === 'internal') guard.failed(where, error)
        throw error
      }
    },
  }
}
