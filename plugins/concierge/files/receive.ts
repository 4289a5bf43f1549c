import type { IncomingMessage } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { Client } from '../client.ts'
import type { Depot } from './depot.ts'
import { boundaryOf, maxEnvelopeBytes, onlyPart } from './multipart.ts'
import { FileRefusal } from './refusal.ts'

/**
 * Writes a request's body to a client's file: the whole body, or the only part of a multipart one that was POSTed.
 * Throws FileRefusal: 411 without a length, 413, 409, 507, 412, 400, and 401 when the client left meanwhile.
 */
export async function receive(depot: Depot, { uuid }: Client, file: string, request: IncomingMessage, isConnected: () => boolean): Promise<void> {
  const length = request.headers['content-length']
  if (length === undefined) throw new FileRefusal(411, 'Send the length of the body in the header Content-Length')
  const boundary = request.method === 'POST' ? boundaryOf(request.headers['content-type']) : undefined
  const maxBytes = boundary === undefined ? Number(length) : maxPartBytes(Number(length), depot.maxFileBytes)

  const upload = depot.begin(uuid, file, maxBytes)
  try {
    // A request that is destroyed takes its connection along, and with it the answer that says why.
    const body = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>
    let bytes = 0
    await pipeline(boundary === undefined ? body : onlyPart(body, boundary), async function* measure(pieces: AsyncIterable<Buffer>) {
      for await (const piece of pieces) {
        bytes += piece.length
        if (bytes > maxBytes) throw new FileRefusal(413, `A file may have ${depot.maxFileBytes} bytes`)
        yield piece
      }
    }, upload.stream())
    if (!isConnected()) throw new FileRefusal(401, 'The client of this key has left')
    upload.commit(bytes)
  } catch (error) {
    await upload.abort()
    throw error
  }
}

// How much of a multipart body is its part shows only at the end of it.
function maxPartBytes(bodyBytes: number, maxFileBytes: number): number {
  return bodyBytes > maxFileBytes + maxEnvelopeBytes ? bodyBytes : Math.min(bodyBytes, maxFileBytes)
}
