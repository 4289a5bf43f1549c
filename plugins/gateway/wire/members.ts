const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
const colon = 0x3a
const openBrace = 0x7b
const openBracket = 0x5b
const closeBrace = 0x7d
const closeBracket = 0x5d
const firstPrintable = 0x20

/** Levels of objects and arrays that are accepted, the outermost counted. */
const maxDepth = 64

const literal = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y
const escape = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y

/**
 * The texts of an object's members by their names, every digit and escape as it was sent; of several with one name the
 * last, as JSON.parse has it. Undefined unless the whole text is valid JSON with an object outside, not nested too deep.
 *
 * Nothing is made of the values: a frame of a million brackets costs no more than its reading.
 */
export function membersOf(text: string): Map<string, string> | undefined {
  const members = new Map<string, string>()
  try {
    const scanner = new Scanner(text)
    scanner.object(1, (name, start, end) => members.set(JSON.parse(name) as string, text.slice(start, end)))
    return scanner.isAtEnd() ? members : undefined
  } catch (error) {
    if (error instanceof NotJson) return undefined
    throw error
  }
}

class NotJson extends Error {}

/** Reads over JSON (RFC 8259). */
class Scanner {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  isAtEnd(): boolean {
    return Number.isNaN(this.#peek())
  }

  object(depth: number, visit?: (name: string, valueStart: number, valueEnd: number) => void): void {
    this.#list(openBrace, closeBrace, depth, () => {
      this.#peek()
      const nameStart = this.#at
      this.#string()
      const nameEnd = this.#at
      this.#take(colon)
      this.#peek()
      const valueStart = this.#at
      this.#value(depth)
      visit?.(this.#text.slice(nameStart, nameEnd), valueStart, this.#at)
    })
  }

  #value(depth: number): void {
    const first = this.#peek()
    if (first === quote) this.#string()
    else if (first === openBrace) this.object(depth + 1)
    else if (first === openBracket) this.#list(openBracket, closeBracket, depth + 1, () => this.#value(depth + 1))
    else this.#match(literal)
  }

  #list(open: number, close: number, depth: number, item: () => void): void {
    this.#take(open)
    if (depth > maxDepth) throw new NotJson()
    if (this.#peek() === close) {
      this.#at += 1
      return
    }
    for (;;) {
      item()
      if (this.#peek() === close) break
      this.#take(comma)
    }
    this.#at += 1
  }

  #string(): void {
    this.#take(quote)
    for (;;) {
      const code = this.#text.charCodeAt(this.#at)
      if (code === quote) break
      if (code === backslash) this.#match(escape)
      else if (code >= firstPrintable) this.#at += 1
      // A control character, or the end of the text, of which the code is NaN.
      else throw new NotJson()
    }
    this.#at += 1
  }

  #match(pattern: RegExp): void {
    pattern.lastIndex = this.#at
    if (!pattern.test(this.#text)) throw new NotJson()
    this.#at = pattern.lastIndex
  }

  #take(code: number): void {
    if (this.#peek() !== code) throw new NotJson()
    this.#at += 1
  }

  /** The next character that is no white space, which stays to be read. */
  #peek(): number {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at)
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return code
      this.#at += 1
    }
  }
}
