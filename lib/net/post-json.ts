import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { ClusterError } from '../errors/cluster-error.ts'
import type { ErrorOnWire } from '../errors/cluster-error.ts'
import { parseJson } from '../json/parse-json.ts'
import { unreachableMaster } from './unreachable.ts'

export interface PostOptions {
  readonly token: string
  /** PEM of a certificate authority to trust beside the system's own. */
  readonly ca?: string | undefined
  readonly deadlineMs?: number
}

const defaultDeadlineMs = 20_000
const maxAnswerBytes = 16 * 1024 * 1024

/** Sends one request to a master's HTTP API and gives its answer. Throws `unreachable`, or the error that the master sent. */
export function postJson(url: URL, body: object, { token, ca, deadlineMs = defaultDeadlineMs }: PostOptions): Promise<unknown> {
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void => reject(unreachableMaster(url.origin, error, 'give it with --tls-ca FILE'))
    const outgoing = request(url, {
      method: 'POST',
      timeout: deadlineMs,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      ...(ca === undefined ? {} : { ca }),
    }, (answer) => {
      const chunks: Buffer[] = []
      let size = 0
      answer.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size > maxAnswerBytes) outgoing.destroy(new Error('its answer is too large'))
        else chunks.push(chunk)
      })
      answer.on('error', fail)
      answer.on('end', () => {
        try {
          const value = parseJson(Buffer.concat(chunks).toString()) as { error?: ErrorOnWire }
          if (answer.statusCode === 200) resolve(value)
          else if (value.error) reject(ClusterError.fromWire(value.error))
          else fail(new Error(`it answered with status ${answer.statusCode}`))
        } catch (error) {
          fail(new Error('what answers there is no Corral master', { cause: error }))
        }
      })
    })
    outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer within ${deadlineMs} ms`)))
    outgoing.on('error', fail)
    outgoing.end(JSON.stringify(body))
  })
}
