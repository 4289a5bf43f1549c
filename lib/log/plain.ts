import { ClusterError } from '../errors/cluster-error.ts'

export const mask = '******'

const maxDepth = 6
const maxMembers = 100
const maxTextLength = 8 * 1024
const secretWords = new Set(['token', 'tokens', 'password', 'passwords', 'passwd', 'secret', 'secrets', 'authorization', 'cookie'])

/**
 * A value as JSON can hold it, of bounded size and without secrets: whatever stands in a field named like a secret
 * becomes `******`. Never throws, whatever it is given.
 */
export function plain(value: unknown, depth = 0): unknown {
  try {
    return convert(value, depth)
  } catch {
    // A getter or a toJSON of somebody else's object.
    return '(unprintable)'
  }
}

/** Fields of a log line, made plain. */
export function plainFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return members(fields, 0)
}

/** A text cut to what a log line may hold. */
export function bounded(text: string): string {
  return text.length <= maxTextLength ? text : `${text.slice(0, maxTextLength)}… (${text.length - maxTextLength} more)`
}

/** Whether the last word of a name is one of a secret: `token`, `rconPassword`, `http.authorization`; not `token_id`. */
export function isSecretName(name: string): boolean {
  const words = name.replaceAll(/([a-z\d])([A-Z])/g, '$1 $2').toLowerCase().split(/[^a-z\d]+/)
  return secretWords.has(words.findLast((word) => word !== '') ?? '')
}

function convert(value: unknown, depth: number): unknown {
  switch (typeof value) {
    case 'string':
      return bounded(value)
    case 'bigint':
    case 'symbol':
      return bounded(String(value))
    case 'function':
      return '(function)'
    case 'object':
      return value === null ? null : convertObject(value, depth)
    default:
      return Number.isNaN(value) || value === Infinity || value === -Infinity ? String(value) : value
  }
}

function convertObject(value: object, depth: number): unknown {
  if (depth >= maxDepth) return '(…)'
  if (value instanceof Error) return convertError(value, depth)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString()
  if (ArrayBuffer.isView(value)) return `(${value.byteLength} bytes)`
  if (value instanceof Set) return convertObject([...value], depth)
  if (value instanceof Map) return members(Object.fromEntries([...value].map(([key, member]) => [String(key), member as unknown])), depth)
  if (!Array.isArray(value)) return members(value, depth)
  const items = value.slice(0, maxMembers).map((item) => plain(item, depth + 1) ?? null)
  return value.length > maxMembers ? [...items, `(${value.length - maxMembers} more)`] : items
}

function members(object: object, depth: number): Record<string, unknown> {
  const keys = Object.keys(object)
  const entries = keys.slice(0, maxMembers).map((key) => [bounded(key), member(object, key, depth)] as const)
  if (keys.length > maxMembers) entries.push(['…', `(${keys.length - maxMembers} more)`])
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined))
}

function member(object: object, key: string, depth: number): unknown {
  try {
    const value: unknown = Reflect.get(object, key)
    const canTell = typeof value === 'string' || (typeof value === 'object' && value !== null)
    return canTell && isSecretName(key) ? mask : plain(value, depth + 1)
  } catch {
    return '(unprintable)'
  }
}

/** Our own errors say what happened; of others the stack is the only trace. */
function convertError(error: Error, depth: number): Record<string, unknown> {
  const cause = error.cause === undefined ? {} : { cause: plain(error.cause, depth + 1) }
  if (error instanceof ClusterError) {
    const details = Object.keys(error.details).length > 0 ? { details: plain(error.details, depth + 1) } : {}
    return { code: error.code, message: bounded(error.message), ...details, ...cause }
  }
  return { name: error.name, message: bounded(error.message), stack: bounded(error.stack ?? ''), ...cause }
}
