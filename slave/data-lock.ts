import { readFileSync, statSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { ClusterError } from '../lib/errors/cluster-error.ts'

export interface DataLock {
  release(): Promise<void>
}

/**
 * Makes this process the only slave of an existing data directory. The lock is an abstract socket named by the
 * directory's device and inode: the kernel frees it however the process ends, it leaves no file, and games do not
 * inherit it. Throws `data_directory_in_use`, naming the process if it is known.
 */
export async function acquireDataLock(directory: string): Promise<DataLock> {
  const { dev, ino } = statSync(directory)
  const pidFile = join(directory, 'slave.pid')
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.destroy()
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ path: `\0corral-slave-${dev}-${ino}` }, resolve)
  }).catch((cause: unknown) => {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE')) throw cause
    const pid = readPid(pidFile)
    throw new ClusterError('data_directory_in_use', `Tried to work in ${directory}, but another slave does${pid ? ` (process ${pid})` : ''}. `
      + 'Stop it or give this one a data directory of its own', { details: { directory, ...(pid && { pid }) }, cause })
  })
  server.on('error', () => {})
  server.unref()
  // For the message above only; a full disk must not keep a slave from its games.
  await writeFile(pidFile, `${process.pid}\n`).catch(() => {})
  return {
    async release() {
      await rm(pidFile, { force: true }).catch(() => {})
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function readPid(path: string): number | undefined {
  try {
    const pid = Number(readFileSync(path, 'utf8'))
    return pid > 0 ? pid : undefined
  } catch {
    return undefined
  }
}
