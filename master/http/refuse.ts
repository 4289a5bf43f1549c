import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ClusterError } from '../../lib/errors/cluster-error.ts'
import { errorCodes } from '../../lib/errors/codes.ts'

/** Time for the answer to arrive; a connection that is closed with something unread is reset, and the answer lost. */
const lingerMs = 1_000

/** Answers on a connection that no HTTP server looks after, and ends it whatever its peer does. */
export function refuseConnection(socket: Duplex, error: ClusterError): void {
  if (!socket.writable) {
    socket.destroy()
    return
  }
  const { http } = errorCodes[error.code]
  const body = JSON.stringify({ error: error.toWire() })
  socket.end(`HTTP/1.1 ${http} ${STATUS_CODES[http]}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
  // Nobody else reads it, and unread it would never be seen to end.
  socket.resume()
  const timer = setTimeout(() => socket.destroy(), lingerMs)
  socket.once('close', () => clearTimeout(timer))
}
