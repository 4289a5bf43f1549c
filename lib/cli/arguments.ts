import { parseDurationMs } from './duration.ts'
import { usageError } from './usage-error.ts'

export type OptionValue = boolean | string | readonly string[]

/** What was typed for one command, already held against its definition; values are read out typed. */
export class Arguments {
  readonly #words: ReadonlyMap<string, readonly string[]>
  readonly #options: ReadonlyMap<string, OptionValue>

  constructor(words: ReadonlyMap<string, readonly string[]>, options: ReadonlyMap<string, OptionValue>) {
    this.#words = words
    this.#options = options
  }

  /** The word of an argument; '' for an optional one that was left out. */
  word(name: string): string {
    return this.#words.get(name)?.[0] ?? ''
  }

  /** All words of an argument that takes many. */
  words(name: string): readonly string[] {
    return this.#words.get(name) ?? []
  }

  isGiven(name: string): boolean {
    return this.#options.has(name)
  }

  flag(name: string): boolean {
    return this.#options.get(name) === true
  }

  text(name: string): string | undefined {
    const value = this.#options.get(name)
    return typeof value === 'string' ? value : undefined
  }

  list(name: string): readonly string[] {
    const value = this.#options.get(name)
    return typeof value === 'object' ? value : []
  }

  /** A whole number within bounds. Throws a usage error. */
  integer(name: string, { min = 0, max = Number.MAX_SAFE_INTEGER }: { min?: number; max?: number } = {}): number | undefined {
    const text = this.text(name)
    if (text === undefined) return undefined
    const number = Number(text)
    if (/^-?\d+$/.test(text) && number >= min && number <= max) return number
    const bounds = max < Number.MAX_SAFE_INTEGER ? ` from ${min} to ${max}` : min > 0 ? `, ${min} or more` : ''
    throw usageError(`--${name} must be a whole number${bounds}, not "${text}"`)
  }

  /** A duration in milliseconds, at most `max` (`1d`). Throws a usage error. */
  durationMs(name: string, max?: string): number | undefined {
    const text = this.text(name)
    return text === undefined ? undefined : parseDurationMs(text, name, max)
  }

  /** Values of the form NAME=VALUE. Throws a usage error. */
  assignments(name: string): Record<string, string> {
    return Object.fromEntries(this.list(name).map((text) => {
      const at = text.indexOf('=')
      if (at < 1) throw usageError(`--${name} must have the form NAME=VALUE, not "${text}"`)
      return [text.slice(0, at), text.slice(at + 1)]
    }))
  }
}
