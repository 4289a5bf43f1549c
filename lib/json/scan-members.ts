import { ClusterError } from '../errors/cluster-error.ts'
import { afterSpace, stringValue } from './text.ts'

const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
const colon = 0x3a
const openBrace = 0x7b
const openBracket = 0x5b
const closeBrace = 0x7d
const closeBracket = 0x5d

export interface MemberScanOptions {
  /** How far in members are visited: 1 for those of the outermost object, 2 for those of objects in it too, and so on. */
  readonly levels: number
  /** Names of the members that are visited; all by default. What others have inside is not visited either. */
  readonly names?: ReadonlySet<string>
  /** Levels of objects and arrays that are accepted; any number by default. */
  readonly maxDepth?: number
}

/** Gets a member's name, the text of its value, every digit and escape as it was sent, and its level. */
export type MemberVisitor = (name: string, json: string, level: number) => void

/**
 * Reads over a JSON text (RFC 8259) that anybody may have sent, and visits members of its objects. Those inside a value
 * come before the member that has it, and of several with one name the last is what JSON.parse takes. Returns whether the
 * text has an object outside. Throws `malformed` for what is no JSON or nested too deep, maybe after visits.
 *
 * Nothing is made of the values and nothing recurses: the time is that of one pass whatever is in the text.
 */
export function scanMembers(text: string, options: MemberScanOptions, visit: MemberVisitor): boolean {
  const { levels, names, maxDepth = Infinity } = options
  const open = new Nesting()
  let holder: Holder = { level: 0, outer: undefined, name: '', valueStart: 0 }

  let at = afterSpace(text, 0)
  const isObject = text.charCodeAt(at) === openBrace
  for (;;) {
    if (open.isObject) {
      const nameStart = at
      const nameEnd = endOfString(text, at)
      at = afterSpace(text, after(text, afterSpace(text, nameEnd), colon))
      if (open.depth === holder.level) {
        const name = stringValue(text, nameStart, nameEnd)
        holder.name = !names || names.has(name) ? name : undefined
        holder.valueStart = at
      }
    }
    const first = text.charCodeAt(at)
    if (first === openBrace || first === openBracket) {
      if (open.depth === maxDepth) throw malformed(`it is nested more than ${maxDepth} levels deep`)
      at = afterSpace(text, at + 1)
      if (text.charCodeAt(at) !== (first === openBrace ? closeBrace : closeBracket)) {
        if (first === openBrace && open.depth === holder.level && open.depth < levels && holder.name !== undefined) {
          holder = { level: open.depth + 1, outer: holder, name: undefined, valueStart: 0 }
        }
        open.push(first === openBrace)
        continue
      }
      at += 1
    } else {
      at = endOfScalar(text, at)
    }
    // A value has ended, and maybe with it those around it.
    for (;;) {
      const valueEnd = at
      at = afterSpace(text, at)
      if (open.depth === 0) {
        if (at !== text.length) throw malformed()
        return isObject
      }
      if (open.depth === holder.level && holder.name !== undefined) {
        visit(holder.name, text.slice(holder.valueStart, valueEnd), holder.level)
      }
      const next = text.charCodeAt(at)
      at += 1
      if (next === comma) break
      if (next !== (open.isObject ? closeBrace : closeBracket)) throw malformed()
      if (open.depth === holder.level) holder = holder.outer ?? holder
      open.pop()
    }
    at = afterSpace(text, at)
  }
}

/** An open object whose members are visited; level 0 is what is around the text. */
interface Holder {
  readonly level: number
  readonly outer: Holder | undefined
  /** Name of the member that is being read; undefined where that is passed over. */
  name: string | undefined
  valueStart: number
}

/** Which brackets are open: a bit for each, as many as there may be. */
class Nesting {
  /** The words that are full, that of the outermost brackets first. */
  readonly #full: number[] = []
  #word = 0
  depth = 0
  /** Whether the innermost one is an object's. */
  isObject = false

  push(isObject: boolean): void {
    if (this.depth % 32 === 31) this.#full.push(this.#word)
    this.#word = this.#word << 1 | Number(isObject)
    this.depth += 1
    this.isObject = isObject
  }

  pop(): void {
    this.depth -= 1
    this.#word = this.depth % 32 === 31 ? this.#full.pop() ?? 0 : this.#word >>> 1
    this.isObject = (this.#word & 1) === 1
  }
}

function malformed(reason = 'the text is not valid JSON'): ClusterError {
  return new ClusterError('malformed', `Cannot read JSON: ${reason}`)
}

/** The index behind a character that must stand there. */
function after(text: string, at: number, code: number): number {
  if (text.charCodeAt(at) !== code) throw malformed()
  return at + 1
}

/** The index behind a string. */
function endOfString(text: string, start: number): number {
  let at = after(text, start, quote)
  let runStart = at
  for (let code = text.charCodeAt(at); code !== quote; code = text.charCodeAt(at)) {
    if (code === backslash) {
      at = endOfEscape(text, at + 1)
      runStart = at
    } else if (code >= 0x20) {
      at = at - runStart < shortRun ? at + 1 : endOfRun(text, at)
    } else {
      // A control character, or the text's end.
      throw malformed()
    }
  }
  return at + 1
}

/** Characters that stand in a string as they are. */
const run = /[ !#-[\]-\uffff]*/y
/** A longer run is read faster by the pattern, which is slow to start. */
const shortRun = 32

function endOfRun(text: string, start: number): number {
  run.lastIndex = start
  run.test(text)
  return run.lastIndex
}

function endOfEscape(text: string, at: number): number {
  switch (text.charCodeAt(at)) {
    // Quotes, backslashes, and any of /bfnrt.
    case quote: case backslash: case 0x2f: case 0x62: case 0x66: case 0x6e: case 0x72: case 0x74:
      return at + 1
    case 0x75:
      return endOfHexDigits(text, at + 1)
    default:
      throw malformed()
  }
}

function endOfHexDigits(text: string, start: number): number {
  const end = start + 4
  if (!/^[\da-f]{4}$/i.test(text.slice(start, end))) throw malformed()
  return end
}

/** The index behind a string, a number or a word. */
function endOfScalar(text: string, start: number): number {
  const first = text.charCodeAt(start)
  if (first === quote) return endOfString(text, start)
  // Numbers begin with what is before all letters.
  if (first < 0x61) return endOfNumber(text, start)
  for (const word of ['null', 'true', 'false']) if (text.startsWith(word, start)) return start + word.length
  throw malformed()
}

function endOfNumber(text: string, start: number): number {
  let at = text.charCodeAt(start) === 0x2d ? start + 1 : start
  at = text.charCodeAt(at) === 0x30 ? at + 1 : endOfDigits(text, at)
  if (text.charCodeAt(at) === 0x2e) at = endOfDigits(text, at + 1)
  if ((text.charCodeAt(at) | 0x20) === 0x65) {
    const sign = text.charCodeAt(at + 1)
    at = endOfDigits(text, at + (sign === 0x2b || sign === 0x2d ? 2 : 1))
  }
  return at
}

/** The index behind digits, of which there must be one. */
function endOfDigits(text: string, start: number): number {
  let at = start
  for (let code = text.charCodeAt(at); code >= 0x30 && code <= 0x39; code = text.charCodeAt(at)) at += 1
  if (at === start) throw malformed()
  return at
}
