import { ClusterError } from '../errors/cluster-error.ts'

const collectionNamePattern = /^[A-Za-z][A-Za-z0-9._-]{0,63}$/
const maxIdLength = 256

/** Throws `invalid_request` unless the text can name a collection. */
export function checkCollectionName(name: unknown): asserts name is string {
  if (typeof name === 'string' && collectionNamePattern.test(name)) return
  throw new ClusterError('invalid_request', `Cannot use ${describe(name)} as the name of a collection: it must begin with a ` +
    'letter and have up to 64 letters, digits, ".", "-" and "_"', { details: { field: 'collection' } })
}

/** Throws `invalid_request` unless the text can be the id of a document. SQLite would cut it at a NUL. */
export function checkId(id: unknown): asserts id is string {
  if (typeof id === 'string' && id !== '' && id.length <= maxIdLength && !id.includes('\0') && !/\p{Cs}/u.test(id)) return
  throw new ClusterError('invalid_request', `Cannot use ${describe(id)} as the id of a document: it must have 1 to ` +
    `${maxIdLength} characters, no NUL and no lone surrogate`, { details: { field: 'id' } })
}

function describe(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 80)) : `a value of type ${typeof value}`
}
