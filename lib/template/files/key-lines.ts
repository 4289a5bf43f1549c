import type { FileValue } from '../schema-files.ts'

/** The line end that a text uses. */
export function lineEndOf(text: string): '\n' | '\r\n' {
  return text.includes('\r\n') ? '\r\n' : '\n'
}

/**
 * Lines in which `key` stands once with `value`: in its old place, written as it was (`key = value`, `key=value`), else at the
 * end. Further lines of the same key are dropped, since games differ in which of them counts.
 */
export function setLine(lines: readonly string[], key: string, to: FileValue): string[] {
  if (typeof to === 'object') throw new Error(`the value of ${key} is no single value`)
  const value = String(to)
  if (/[\n\r]/.test(value)) throw new Error(`the value of ${key} has a line end, which this kind of file cannot hold`)
  const result: string[] = []
  let isSet = false
  for (const line of lines) {
    const start = startOf(line, key)
    if (start === undefined) {
      result.push(line)
    } else if (!isSet) {
      result.push(start + value)
      isSet = true
    }
  }
  if (isSet) return result
  // Blank lines at the end part this section from the next one.
  let at = result.length
  while (at > 0 && result[at - 1]?.trim() === '') at -= 1
  result.splice(at, 0, `${key}=${value}`)
  return result
}

/** What stands before the value when `line` sets `key`. */
function startOf(line: string, key: string): string | undefined {
  const indent = line.length - line.trimStart().length
  if (!line.startsWith(key, indent)) return undefined
  const separator = /^[ \t]*[=:][ \t]*/.exec(line.slice(indent + key.length))?.[0]
  return separator === undefined ? undefined : line.slice(0, indent + key.length) + separator
}
