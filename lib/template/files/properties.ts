import type { FileValues } from '../schema-files.ts'
import { lineEndOf, setLine } from './key-lines.ts'

/** `key=value` lines with the given keys set; comments, order and all other lines stay. New keys go to the end. */
export function editProperties(text: string, set: FileValues): string {
  const end = lineEndOf(text)
  let lines = text === '' ? [] : text.replace(/\r?\n$/, '').split(/\r?\n/)
  for (const [key, value] of Object.entries(set)) lines = setLine(lines, key, value)
  return lines.map((line) => line + end).join('')
}
