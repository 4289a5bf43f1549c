import { createContext, Script } from 'node:vm'
import { needsMoreThan } from './probe.ts'

/** Regexes see no more of a line than this. */
export const MATCH_LIMIT_CHARS = 2048
/** Processor time that a probe may take; usual regexes take a few milliseconds. */
const PROBE_LIMIT_MS = 500

/** Compiles a template's regex: Unicode mode, in which a needless or mistyped escape is an error. Throws SyntaxError. */
export function compileRegex(source: string): RegExp {
  return new RegExp(source, 'u')
}

/**
 * What is wrong with a template's regex, or undefined. A regex that takes time out of proportion is refused: lines come
 * from games and, through chat, from players, and a regex at work cannot be interrupted.
 */
export function regexProblem(source: string): string | undefined {
  return formProblem(source) ?? (isSlow(source) ? 'takes too long on a line of 2048 characters; use fewer .* and anchor it with ^' : undefined)
}

/** What is wrong with a regex as it is written; it is not run. For regexes that were probed before, as those that come with Corral. */
export function formProblem(source: string): string | undefined {
  try {
    compileRegex(source)
  } catch (error) {
    return (error as Error).message
  }
  if (hasNestedRepeat(source)) {
    return 'a repeated group holds a repeat of its own, as in (a+)+: a hostile line could make that run for ever; write it without the nesting'
  }
  return undefined
}

/** The names of the named groups of a regex that compiles. */
export function groupsOf(source: string): string[] {
  return Object.keys(new RegExp(`${source}|`, 'u').exec('')?.groups ?? {})
}

/** Whether an unbounded repeat (`*`, `+`, `{n,}`) stands in a group that is repeated without bound itself. */
function hasNestedRepeat(source: string): boolean {
  const stack: boolean[] = []
  let holdsRepeat = false
  for (let i = 0; i < source.length; i++) {
    const char = source[i]
    if (char === '\\') {
      i += 1
    } else if (char === '[') {
      i = endOfClass(source, i)
    } else if (char === '(') {
      stack.push(holdsRepeat)
      holdsRepeat = false
    } else if (char === ')') {
      const isRepeated = isRepeatAt(source, i + 1)
      if (isRepeated && holdsRepeat) return true
      holdsRepeat ||= stack.pop() ?? false
    } else if (isRepeatAt(source, i)) {
      holdsRepeat = true
    }
  }
  return false
}

function isRepeatAt(source: string, index: number): boolean {
  return /^(?:[*+]|\{\d+,\})/.test(source.slice(index, index + 12))
}

function endOfClass(source: string, start: number): number {
  for (let i = start + 1; i < source.length; i++) {
    if (source[i] === '\\') i += 1
    else if (source[i] === ']') return i
  }
  return source.length
}

/** Runs the regex on long lines of one repeated piece each, made from what it mentions itself. */
function isSlow(source: string): boolean {
  const mentioned = source.replace(/\\[a-zA-Z]|\(\?<?[\w!=:]*>?|[\\^$.*+?()[\]{}|]/g, ' ').split(/\s+/).slice(0, 12)
  const pieces = new Set(['a', '0', ' ', 'a ', '<a> ', '[', ...mentioned, ...mentioned.map((word) => word.slice(0, 1))])
  const lines = [...pieces].filter((piece) => piece !== '')
    .map((piece) => `${piece.repeat(MATCH_LIMIT_CHARS / piece.length)}\u0000`)
  const script = new Script('lines.forEach((line) => new RegExp(source, "u").test(line))')
  const context = createContext({ lines, source })
  return needsMoreThan(PROBE_LIMIT_MS, (timeoutMs) => {
    try {
      script.runInContext(context, { timeout: Math.ceil(timeoutMs) })
      return true
    } catch {
      return false
    }
  })
}
