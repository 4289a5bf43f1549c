import { parseJson } from '../json/parse-json.ts'

/**
 * The `data` of a message: as a value, as JSON text, or both. Whoever only passes a message on never parses it, and
 * what goes to many peers is turned into text once.
 */
export class Payload {
  #text: string | undefined
  #value: unknown
  #hasValue: boolean

  private constructor(text: string | undefined, value: unknown, hasValue: boolean) {
    this.#text = text
    this.#value = value
    this.#hasValue = hasValue
  }

  static ofValue(value: unknown): Payload {
    return new Payload(undefined, value, true)
  }

  /** Text that came from a peer; it is parsed, within the depth limit, when somebody asks for its value. */
  static ofText(text: string): Payload {
    return new Payload(text, undefined, false)
  }

  /** The value. Throws `malformed` when the text is not JSON or nested too deeply. */
  get value(): unknown {
    if (!this.#hasValue) {
      this.#value = parseJson(this.#text ?? '')
      this.#hasValue = true
    }
    return this.#value
  }

  /** The JSON text. Throws TypeError for a value that JSON has no text for, such as undefined. */
  get text(): string {
    this.#text ??= encode(this.#value)
    return this.#text
  }
}

function encode(value: unknown): string {
  const text = JSON.stringify(value) as string | undefined
  if (text === undefined) throw new TypeError(`JSON has no text for ${typeof value}`)
  return text
}
