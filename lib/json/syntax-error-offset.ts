// One token of JSON: a bracket or separator, a string, a number or a word.
const tokenPattern = /[{}[\],:]|"(?:[^"\\\p{Cc}]|[\u007f-\u009f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|(?:true|false|null)(?!\w)/uy
const blankPattern = /[ \t\n\r]*/y

/** What may come next: a value, a value or the end of an empty array, a key and so on. */
type Expectation = 'value' | 'value-or-close' | 'key' | 'key-or-close' | 'colon' | 'comma-or-close' | 'end'

/**
 * Where a text stops being JSON: the offset of the first token that may not stand there, or the text's length when it
 * ends too early; undefined for valid JSON. JSON.parse reports no offset for most errors on Node 20.
 */
export function syntaxErrorOffset(text: string): number | undefined {
  const open: ('{' | '[')[] = []
  let expectation: Expectation = 'value'
  for (let at = skipBlanks(text, 0); at < text.length; at = skipBlanks(text, at)) {
    tokenPattern.lastIndex = at
    const token = tokenPattern.exec(text)?.[0]
    const next: Expectation | undefined = token === undefined ? undefined : follow(expectation, token, open)
    if (token === undefined || next === undefined) return at
    expectation = next
    at += token.length
  }
  return expectation === 'end' ? undefined : text.length
}

/** The expectation after a token, or undefined if the token may not stand here. Keeps `open` up to date. */
function follow(expectation: Expectation, token: string, open: ('{' | '[')[]): Expectation | undefined {
  const container = open.at(-1)
  if (token === '}' || token === ']') {
    const fits = container === (token === '}' ? '{' : '[')
    if (!fits || !(expectation.endsWith('-or-close'))) return undefined
    open.pop()
    return open.length > 0 ? 'comma-or-close' : 'end'
  }
  if (token === ':') return expectation === 'colon' ? 'value' : undefined
  if (token === ',') return expectation === 'comma-or-close' ? (container === '{' ? 'key' : 'value') : undefined
  if (expectation === 'key' || expectation === 'key-or-close') return token.startsWith('"') ? 'colon' : undefined
  if (expectation !== 'value' && expectation !== 'value-or-close') return undefined
  if (token === '{' || token === '[') {
    open.push(token)
    return token === '{' ? 'key-or-close' : 'value-or-close'
  }
  return container ? 'comma-or-close' : 'end'
}

function skipBlanks(text: string, at: number): number {
  blankPattern.lastIndex = at
  blankPattern.exec(text)
  return blankPattern.lastIndex
}

/** Line and column of an offset, both from 1, as editors count them. */
export function positionAt(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset)
  const lineStart = before.lastIndexOf('\n') + 1
  return { line: before.split('\n').length, column: offset - lineStart + 1 }
}
