import { ClusterError } from '../errors/cluster-error.ts'

const maxDepth = 100
const maxBodyLength = 8 * 1024 * 1024

/** A value as it is written and as it is read: the same as what a reader gets after a restart. */
export interface StoredValue {
  readonly body: string
  readonly value: unknown
}

/** A copy of the value that nobody can change. Throws `invalid_request` if it is not JSON, `too_large`. */
export function storedValue(value: unknown): StoredValue {
  const body = stringify(value)
  if (body.length > maxBodyLength) {
    throw new ClusterError('too_large', `Cannot store a value of ${body.length} characters of JSON: the limit is ${maxBodyLength}; ` +
      'split it into several documents', { details: { limit: 'document length' } })
  }
  return { body, value: parseFrozen(body) }
}

/** The value of a stored body, deeply frozen. Throws SyntaxError, or `invalid_request` if it is nested too deep. */
export function parseFrozen(body: string): unknown {
  return freeze(JSON.parse(body), maxDepth)
}

function stringify(value: unknown): string {
  let body: string | undefined
  try {
    body = JSON.stringify(value)
  } catch (cause) {
    // A cycle, a bigint, or so many levels that the stack does not suffice.
    throw new ClusterError('invalid_request', `Cannot store a value that is not JSON: ${(cause as Error).message}`, { cause })
  }
  if (body === undefined) throw new ClusterError('invalid_request', `Cannot store a value of type ${typeof value}: it is not JSON`)
  return body
}

function freeze(value: unknown, levels: number): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (levels === 0) {
    throw new ClusterError('invalid_request', `Cannot store a value with more than ${maxDepth} levels of objects and arrays`)
  }
  for (const member of Object.values(value)) freeze(member, levels - 1)
  return Object.freeze(value)
}
