import { connect, isIPv6 } from 'node:net'
import { ClusterError } from '../../../lib/plugin.ts'

export interface ServerAddress {
  readonly host: string
  readonly port: number
}

/** Connections to other servers that one command opens at once. */
const maxAtOnce = 16

/** `host:port`, with IPv6 `[address]:port` or `address:port`. Undefined for what is none of them. */
export function parseServerAddress(text: string): ServerAddress | undefined {
  const found = /^(?:\[([^[\]]+)\]|([^\s/[\]]+)):(\d{1,5})$/.exec(text)
  const [, bracketed, plain, digits] = found ?? []
  const [host, port] = [bracketed ?? plain, Number(digits)]
  if (host === undefined || ((bracketed !== undefined || host.includes(':')) && !isIPv6(host)) || port < 1 || port > 65_535) return undefined
  return { host, port }
}

/** Sends a frame to each server, over a connection of its own. Resolves when all were tried, with what failed. */
export async function sendToServers(addresses: readonly string[], frame: Buffer, deadlineMs: number): Promise<string[]> {
  const failures: string[] = []
  const left = addresses.values()
  const work = async (): Promise<void> => {
    for (const text of left) {
      try {
        const address = parseServerAddress(text)
        if (!address) throw new ClusterError('invalid_request', 'it is not of the form host:port')
        await sendTo(address, frame, deadlineMs)
      } catch (error) {
        failures.push(`${text.slice(0, 100)}: ${ClusterError.from(error).message}`)
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(maxAtOnce, addresses.length) }, work))
  return failures
}

/** Resolves when the operating system has all of the frame and the connection is there. */
function sendTo({ host, port }: ServerAddress, frame: Buffer, deadlineMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (message: string): void => {
      socket.destroy()
      reject(new ClusterError('unreachable', message))
    }
    const socket = connect({ host, port })
    const deadline = setTimeout(() => fail(`it took longer than ${deadlineMs} ms`), deadlineMs)
    socket.once('error', (error: NodeJS.ErrnoException) => fail(error.message))
    socket.once('finish', () => resolve())
    socket.once('close', () => clearTimeout(deadline))
    // What the other side answers is read to its end, into nothing, for it to close the connection in peace.
    socket.resume()
    socket.end(frame)
  })
}
