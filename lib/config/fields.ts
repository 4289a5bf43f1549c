import { field } from './field.ts'
import type { Field, FieldOptions } from './field.ts'
import { parseJson } from '../json/parse-json.ts'
import { longestTimerMs } from '../net/with-deadline.ts'

export interface IntegerOptions extends FieldOptions {
  readonly minimum?: number
  readonly maximum?: number
}

/** A whole number. The unit belongs in the field's name: `heartbeat_ms`, `max_frame_bytes`. */
export function integerField(options: IntegerOptions & { readonly default: number }): Field<number>
export function integerField(options: IntegerOptions): Field<number | undefined>
export function integerField(options: IntegerOptions & { readonly default?: number }): Field<number | undefined> {
  const { minimum = Number.MIN_SAFE_INTEGER, maximum = Number.MAX_SAFE_INTEGER } = options
  const range = rangeText(options)
  return field({
    type: range ? `integer, ${range}` : 'integer',
    expected: range ? `an integer, ${range}` : 'an integer',
    fits: (value) => typeof value === 'number' && Number.isSafeInteger(value) && value >= minimum && value <= maximum,
    parse: (text) => (/^-?\d+$/.test(text.trim()) ? Number(text) : text),
  }, options)
}

function rangeText({ minimum, maximum }: IntegerOptions): string {
  if (minimum !== undefined && maximum !== undefined) return `${minimum} to ${maximum}`
  if (minimum !== undefined) return `${minimum} or more`
  return maximum === undefined ? '' : `${maximum} or less`
}

/** Milliseconds that something waits: no more than a timer can, which is 24 days. */
export function durationField(options: IntegerOptions & { readonly default: number }): Field<number> {
  return integerField({ maximum: longestTimerMs, ...options })
}

/** A text. An empty text is a value in a file, but unsets the field on a command line or in the environment. */
export function stringField(options: FieldOptions & { readonly default: string }): Field<string>
export function stringField(options: FieldOptions): Field<string | undefined>
export function stringField(options: FieldOptions & { readonly default?: string }): Field<string | undefined> {
  return field({ type: 'text', expected: 'a text', fits: isString, parse: (text) => text }, options)
}

/** A text that nobody should see: a token or a password. */
export function secretField(options: FieldOptions): Field<string | undefined> {
  return field({ type: 'secret text', expected: 'a text', isSecret: true, fits: isString, parse: (text) => text }, options)
}

export interface ChoiceOptions<C extends string> extends FieldOptions {
  readonly choices: readonly C[]
}

/** One of a few words. */
export function choiceField<const C extends string>(options: ChoiceOptions<C> & { readonly default: NoInfer<C> }): Field<C>
export function choiceField<const C extends string>(options: ChoiceOptions<C>): Field<C | undefined>
export function choiceField<const C extends string>(options: ChoiceOptions<C> & { readonly default?: NoInfer<C> }): Field<C | undefined> {
  const { choices } = options
  return field({
    type: choices.map((choice) => `\`${choice}\``).join(', '),
    expected: `one of ${choices.join(', ')}`,
    fits: (value) => choices.some((choice) => choice === value),
    parse: (text) => text,
  }, options)
}

/** Yes or no; typed as true, false, 1 or 0. */
export function booleanField(options: FieldOptions & { readonly default: boolean }): Field<boolean>
export function booleanField(options: FieldOptions): Field<boolean | undefined>
export function booleanField(options: FieldOptions & { readonly default?: boolean }): Field<boolean | undefined> {
  const words = new Map<string, boolean>([['true', true], ['1', true], ['false', false], ['0', false]])
  return field({
    type: 'true or false',
    expected: 'true or false',
    fits: (value) => typeof value === 'boolean',
    parse: (text) => words.get(text.trim().toLowerCase()) ?? text,
  }, options)
}

/** A list of texts; typed with commas between them, or as JSON where a text has a comma or is empty. */
export function listField(options: FieldOptions & { readonly default: readonly string[] }): Field<readonly string[]>
export function listField(options: FieldOptions): Field<readonly string[] | undefined>
export function listField(options: FieldOptions & { readonly default?: readonly string[] }): Field<readonly string[] | undefined> {
  return field({
    type: 'list of texts',
    expected: 'a list of texts',
    fits: (value) => Array.isArray(value) && value.every(isString),
    parse: parseList,
    format: (value) => formatList(value as readonly string[]),
  }, options)
}

function parseList(text: string): unknown {
  if (text.trim().startsWith('[')) return parseJsonOrText(text)
  return text.split(',').map((item) => item.trim()).filter((item) => item !== '')
}

function formatList(items: readonly string[]): string {
  const text = items.join(',')
  const isPlain = items.length > 0 && items.every((item) => item !== '' && item === item.trim() && !/^\[|,/.test(item))
  return isPlain ? text : JSON.stringify(items)
}

/** The value of a JSON text, or the text itself if it is not JSON: then it fails the check of its field. */
export function parseJsonOrText(text: string): unknown {
  try {
    return parseJson(text)
  } catch {
    return text
  }
}

function isString(value: unknown): value is string {
  return typeof value === 'string'
}
