import { chmod, rm, stat } from 'node:fs/promises'
import { connect } from 'node:net'
import type { Server } from 'node:net'
import { ClusterError } from '../errors/cluster-error.ts'
import { listen } from './listen.ts'

/** Longest path of a unix socket on Linux, in bytes; Node cuts off the rest of a longer one without a word. */
export const maxSocketPathBytes = 107

/**
 * Listens on a unix socket that only this user can connect to. A socket file that its program has left behind is
 * replaced. Throws `address_in_use` where a program listens on it or the file is no socket, `invalid_config`.
 */
export async function listenOnSocket(server: Server, path: string): Promise<void> {
  if (Buffer.byteLength(path) > maxSocketPathBytes) {
    throw new ClusterError('invalid_config', `Cannot listen on ${path}: the path of a socket has at most ${maxSocketPathBytes} bytes; choose a shorter one`)
  }
  await removeStaleSocket(path)
  await listen(server, { path })
  // With a umask that lets others write they could connect until now; changing the umask would hit whatever other
  // threads are making at this moment.
  await chmod(path, 0o600)
}

/** Removes a socket file on which no program listens; what is no socket, or in use, stays. */
export async function removeStaleSocket(path: string): Promise<void> {
  const file = await stat(path).catch(() => undefined)
  if (file?.isSocket() && !await isInUse(path)) await rm(path, { force: true })
}

function isInUse(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    // Of a program that is too busy to take a connection there is one all the same.
    socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code !== 'ECONNREFUSED' && code !== 'ENOENT'))
  })
}
