import { escapeControls } from './escape.ts'
import type { LogEntry } from './logger.ts'
import { bounded, plainFields } from './plain.ts'

const reserved = new Set(['time', 'level', 'message'])

/** `2026-11-21T04:00:00.000Z info  message key=value`, always one line. */
export function formatText({ time, level, message, fields }: LogEntry): string {
  const pairs = Object.entries(plainFields(fields)).map(([key, value]) => ` ${word(key)}=${word(value)}`)
  return `${time.toISOString()} ${level.padEnd(5)} ${escapeControls(bounded(message))}${pairs.join('')}`
}

/** One JSON object: time, level, message, then the fields; a field with one of these names gets a `_` behind it. */
export function formatJson({ time, level, message, fields }: LogEntry): string {
  const pairs = Object.entries(plainFields(fields)).map(([key, value]) => [reserved.has(key) ? `${key}_` : key, value])
  const line = JSON.stringify({ time: time.toISOString(), level, message: bounded(message), ...Object.fromEntries(pairs) })
  return escapeControls(line)
}

/** Plain words stand as they are; whatever could be taken for two words or for another field is quoted. */
function word(value: unknown): string {
  if (typeof value === 'string' && /^[^\s"'=\\{}[\]]+$/u.test(value)) return escapeControls(value)
  return escapeControls(JSON.stringify(value))
}
