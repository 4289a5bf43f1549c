import { afterSpace, endOfUncheckedString, stringValue } from './text.ts'

const quote = 0x22
const comma = 0x2c
const openBrace = 0x7b
const openBracket = 0x5b
const closeBrace = 0x7d
const closeBracket = 0x5d

/**
 * The text of an object's member as it stands in a JSON text, every digit and escape as it was sent; undefined when
 * there is no such member. Of several with one name it is the last, whichever way the names are spelled, as JSON.parse
 * has it. The text must be one that JSON.parse takes, with an object outside.
 */
export function rawMember(text: string, name: string): string | undefined {
  let found: string | undefined
  let at = afterSpace(text, text.indexOf('{') + 1)
  while (text.charCodeAt(at) === quote) {
    const keyEnd = endOfUncheckedString(text, at)
    const valueStart = afterSpace(text, afterSpace(text, keyEnd) + 1)
    const valueEnd = endOfValue(text, valueStart)
    if (stringValue(text, at, keyEnd) === name) found = text.slice(valueStart, valueEnd)
    at = afterSpace(text, valueEnd)
    if (text.charCodeAt(at) === comma) at = afterSpace(text, at + 1)
  }
  return found
}

function endOfValue(text: string, start: number): number {
  const first = text.charCodeAt(start)
  if (first === quote) return endOfUncheckedString(text, start)
  if (first === openBrace || first === openBracket) return endOfNested(text, start)
  let at = start
  while (!endsLiteral(text.charCodeAt(at))) at += 1
  return at
}

/** White space does, and the end of the text, of which the code is NaN. */
function endsLiteral(code: number): boolean {
  return !(code > 0x20) || code === comma || code === closeBrace || code === closeBracket
}

function endOfNested(text: string, start: number): number {
  let depth = 0
  for (let at = start; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === quote) {
      at = endOfUncheckedString(text, at) - 1
    } else if (code === openBrace || code === openBracket) {
      depth += 1
    } else if (code === closeBrace || code === closeBracket) {
      depth -= 1
      if (depth === 0) return at + 1
    }
  }
  return text.length
}
