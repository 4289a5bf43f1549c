import { ClusterError } from '../../../lib/plugin.ts'

const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
const colon = 0x3a
const openBrace = 0x7b
const closeBrace = 0x7d
const openBracket = 0x5b
const closeBracket = 0x5d

/** Names of the members that the protocol knows, in a message and one level further in; all others are passed over. */
const knownNames: ReadonlySet<string> = new Set(['header', 'payload', 'data', 'type', 'id'])
/** Shortest and longest spelling of one of them, each letter as an escape, in quotes. */
const minKeyLength = 2 + 2
const maxKeyLength = 2 + 6 * 7

/** Texts of known members by their names; of several with one name the last, as JSON.parse has it. */
export type Members = ReadonlyMap<string, string>

const noMembers: Members = new Map()

/** A member of a message: its text as it was sent, and its own members where it is an object. */
export interface Part {
  readonly text: string
  readonly members: Members
}

/**
 * What a JSON text has outside, as texts; undefined where that is no object. Nothing is made of the values: the time is
 * that of one pass whatever is in it, and it may be nested to any depth. Throws `malformed` for what is no JSON.
 */
export function readParts(text: string): ReadonlyMap<string, Part> | undefined {
  const parts = new Map<string, Part>()
  let inner = new Map<string, string>()
  const open = new Nesting()
  // Of the two outermost levels: where the member begins that is being read, and its value.
  const keyStarts = [0, 0]
  const valueStarts = [0, 0]

  function key(at: number): number {
    const end = endOfString(text, at)
    const valueStart = afterSpace(text, expect(text, afterSpace(text, end), colon))
    if (open.depth <= 2) [keyStarts[open.depth - 1], valueStarts[open.depth - 1]] = [at, valueStart]
    return valueStart
  }

  function valueEnded(end: number): void {
    const level = open.depth - 1
    const name = nameAt(text, keyStarts[level] ?? 0)
    const value = name === undefined ? '' : text.slice(valueStarts[level], end)
    if (level === 1) {
      if (name !== undefined) inner.set(name, value)
      return
    }
    if (name !== undefined) parts.set(name, { text: value, members: inner.size > 0 ? inner : noMembers })
    if (inner.size > 0) inner = new Map()
  }

  let at = afterSpace(text, 0)
  const isObject = text.charCodeAt(at) === openBrace
  for (;;) {
    const first = text.charCodeAt(at)
    if (first === openBrace || first === openBracket) {
      const inside = afterSpace(text, at + 1)
      const isEmpty = text.charCodeAt(inside) === first + 2
      if (!isEmpty) {
        open.push(first)
        at = first === openBrace ? key(inside) : inside
        continue
      }
      at = inside + 1
    } else {
      at = endOfScalar(text, at)
    }
    for (;;) {
      if (open.depth <= 2 && open.isObject && isObject) valueEnded(at)
      at = afterSpace(text, at)
      if (open.depth === 0) {
        if (at !== text.length) throw malformed()
        return isObject ? parts : undefined
      }
      const next = text.charCodeAt(at)
      if (next === comma) {
        at = afterSpace(text, at + 1)
        if (open.isObject) at = key(at)
        break
      }
      if (next !== (open.isObject ? closeBrace : closeBracket)) throw malformed()
      open.pop()
      at += 1
    }
  }
}

/** The value of a member's text where that is a string; undefined where it is not, or there is none. */
export function stringIn(text: string | undefined): string | undefined {
  return text?.startsWith('"') ? JSON.parse(text) as string : undefined
}

/** Which brackets are open: a byte for each, as many as there may be. */
class Nesting {
  #kinds = new Uint8Array(64)
  depth = 0
  /** Whether the innermost one is an object's. */
  isObject = false

  push(bracket: number): void {
    if (this.depth === this.#kinds.length) {
      const larger = new Uint8Array(2 * this.depth)
      larger.set(this.#kinds)
      this.#kinds = larger
    }
    this.#kinds[this.depth] = bracket
    this.depth += 1
    this.isObject = bracket === openBrace
  }

  pop(): void {
    this.depth -= 1
    this.isObject = this.depth > 0 && this.#kinds[this.depth - 1] === openBrace
  }
}

function malformed(): ClusterError {
  return new ClusterError('malformed', 'Cannot read JSON: the text is not valid JSON')
}

function expect(text: string, at: number, code: number): number {
  if (text.charCodeAt(at) !== code) throw malformed()
  return at + 1
}

/** The known name that is spelled there; undefined for any other. */
function nameAt(text: string, start: number): string | undefined {
  const end = endOfString(text, start)
  if (end - start < minKeyLength || end - start > maxKeyLength) return undefined
  const raw = text.slice(start, end)
  const name = raw.includes('\\') ? JSON.parse(raw) as string : raw.slice(1, -1)
  return knownNames.has(name) ? name : undefined
}

function afterSpace(text: string, from: number): number {
  let at = from
  for (let code = text.charCodeAt(at); code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09; code = text.charCodeAt(at)) at += 1
  return at
}

/** The index behind a string. */
function endOfString(text: string, start: number): number {
  let at = expect(text, start, quote)
  for (;;) {
    const code = text.charCodeAt(at)
    if (code === quote) return at + 1
    if (code === backslash) at = endOfEscape(text, at + 1)
    else if (code >= 0x20) at += 1
    // A control character, or the text's end.
    else throw malformed()
  }
}

function endOfEscape(text: string, at: number): number {
  const letter = text.charAt(at)
  if (letter === 'u' && /^[\da-f]{4}$/i.test(text.slice(at + 1, at + 5))) return at + 5
  if (letter !== '' && '"\\/bfnrt'.includes(letter)) return at + 1
  throw malformed()
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
