import { ClusterError } from '../errors/cluster-error.ts'
import { endOfUncheckedString } from './text.ts'

const defaultMaxDepth = 64

const quote = 0x22
const openBracket = 0x5b
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d

export interface ParseJsonOptions {
  /** Levels of objects and arrays that are accepted; 64 by default. */
  readonly maxDepth?: number
}

/**
 * The value of a JSON text that anybody may have sent. Throws `malformed` with a short reason that quotes nothing of
 * the text.
 *
 * The depth is looked at before parsing: JSON.parse takes any depth, but JSON.stringify, structuredClone and validators
 * break later on what 10 KB of brackets yield.
 */
export function parseJson(text: unknown, { maxDepth = defaultMaxDepth }: ParseJsonOptions = {}): unknown {
  if (typeof text !== 'string') throw new ClusterError('malformed', `Cannot read JSON: expected a text, got ${typeof text}`)
  if (isDeeperThan(text, maxDepth)) {
    throw new ClusterError('malformed', `Cannot read JSON: it is nested more than ${maxDepth} levels deep`)
  }
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new ClusterError('malformed', 'Cannot read JSON: the text is not valid JSON', { cause })
  }
}

/** Whether brackets outside strings nest deeper than `maxDepth`. One pass; the text need not be valid JSON. */
export function isDeeperThan(text: string, maxDepth: number): boolean {
  // Most messages have too few brackets to nest that deep, and a search for them is quicker than a scan.
  if (text.length <= maxDepth || hasAtMost(text, maxDepth)) return false
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === quote) {
      at = endOfUncheckedString(text, at) - 1
    } else if (code === openBrace || code === openBracket) {
      depth++
      if (depth > maxDepth) return true
    } else if (code === closeBrace || code === closeBracket) {
      depth--
    }
  }
  return false
}

/** Whether a text has at most so many opening brackets, inside strings or not. */
function hasAtMost(text: string, limit: number): boolean {
  let count = 0
  for (const bracket of ['{', '[']) {
    for (let at = text.indexOf(bracket); at !== -1; at = text.indexOf(bracket, at + 1)) {
      count++
      if (count > limit) return false
    }
  }
  return true
}
