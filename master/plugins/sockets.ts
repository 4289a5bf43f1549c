import { createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { listen } from '../../lib/net/listen.ts'
import { listenOnSocket } from '../../lib/net/unix-socket.ts'
import type { PluginGuard } from '../../lib/plugin/guard.ts'
import type { ListenAddress, ListenOptions } from '../../lib/plugin/master-context.ts'
import type { UndoList } from '../../lib/plugin/undo.ts'

interface Door extends ListenOptions {
  onConnection(socket: Socket): void
}

/**
 * Listens for a plugin until that stops, which also ends an attempt that goes on. A connection whose listeners throw is
 * ended. Throws as `listen` does, and `shutting_down` when the plugin has stopped.
 */
export async function listenFor(address: ListenAddress, door: Door, guard: PluginGuard, undo: UndoList): Promise<{ port: number | undefined }> {
  expectGoingOn(undo)
  const { server, close } = serve(door, guard)
  const stop = undo.add(close)
  try {
    const port = await open(server, address)
    expectGoingOn(undo)
    return { port }
  } catch (error) {
    stop()
    // The plugin's stop may have come before there was anything to close.
    await close()
    throw error
  }
}

async function open(server: Server, address: ListenAddress): Promise<number | undefined> {
  if (!('path' in address)) return (await listen(server, address)).port
  await listenOnSocket(server, address.path)
  return undefined
}

function expectGoingOn(undo: UndoList): void {
  if (undo.isDone) throw new ClusterError('shutting_down', 'The plugin has been stopped; it can listen on nothing any more')
}

function serve({ allowHalfOpen = false, onConnection }: Door, guard: PluginGuard): { server: Server; close: () => Promise<void> } {
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
    guard.contain(socket, 'connection', () => socket.destroy())
    try {
      guard.run(() => onConnection(socket))
    } catch (error) {
      guard.failed('connection', error)
      socket.destroy()
    }
  })
  return {
    server,
    close: () => new Promise<void>((resolve) => {
      server.close(() => resolve())
      for (const socket of sockets) socket.destroy()
    }),
  }
}
