import type { Writable } from 'node:stream'
import { formatText } from './format.ts'
import { guardStream } from './guard-stream.ts'
import { isLogged, loggerTo } from './logger.ts'
import type { Logger, LogLevel } from './logger.ts'

export interface StderrLoggerOptions {
  readonly level: LogLevel
  readonly stream?: Writable
  readonly now?: () => Date
}

/** Text lines on stderr, for programs that should load little. */
export function stderrLogger({ level: least, stream = process.stderr, now = () => new Date() }: StderrLoggerOptions): Logger {
  guardStream(stream)
  return loggerTo((level, message, fields) => {
    if (isLogged(level, least) && !stream.destroyed) stream.write(`${formatText({ time: now(), level, message, fields })}\n`)
  })
}
