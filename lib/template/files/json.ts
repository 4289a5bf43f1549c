import type { FileValue, FileValues } from '../schema-files.ts'

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** A JSON object with `set` merged into it: objects are merged, all else is replaced. The rest stays, in order. */
export function editJson(text: string, set: FileValues): string {
  const before = text.trim() === '' ? {} : JSON.parse(text) as Json
  if (!isObject(before)) throw new Error('it holds no object')
  return `${JSON.stringify(merge(before, set), null, 2)}\n`
}

function merge(before: Json | undefined, value: FileValue): Json {
  if (!isFileObject(value)) return value as Json
  const result = new Map(isObject(before) ? Object.entries(before) : [])
  for (const [key, inner] of Object.entries(value)) result.set(key, merge(result.get(key), inner))
  return Object.fromEntries(result)
}

function isObject(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isFileObject(value: FileValue): value is FileValues {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
