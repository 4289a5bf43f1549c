import type { Writable } from 'node:stream'
import { createLogger as createWinston, format, transports } from 'winston'
import { formatJson, formatText } from './format.ts'
import { guardStream } from './guard-stream.ts'
import { isLogged, loggerTo, logLevels } from './logger.ts'
import type { LogEntry, LogFields, Logger, LogLevel } from './logger.ts'

export interface CreateLoggerOptions {
  /** The least severe level that is written. */
  readonly level: LogLevel
  readonly format: 'text' | 'json'
  /** Where lines go; stderr by default. Its errors are ignored: a program goes on when its log cannot be written. */
  readonly stream?: Writable
  readonly now?: () => Date
}

/** What may wait in a stream whose reader is slow; lines beyond it are dropped, and counted in the next that is not. */
const maxWaitingBytes = 1024 * 1024

// The symbol by which winston finds the finished line, as its formats declare it.
const finishedLine = Symbol.for('message')

/** The log of a long-running program, on winston. The only file that knows winston. */
export function createLogger({ level: least, format: style, stream = process.stderr, now = () => new Date() }: CreateLoggerOptions): Logger {
  const toLine = style === 'json' ? formatJson : formatText
  guardStream(stream)
  const winston = createWinston({
    level: least,
    levels: Object.fromEntries(logLevels.map((level, severity) => [level, severity])),
    format: format((info) => ({ ...info, [finishedLine]: toLine(info['entry'] as LogEntry) }))(),
    transports: [new transports.Stream({ stream, eol: '\n' })],
    exitOnError: false,
  })
  let dropped = 0

  return loggerTo((level: LogLevel, message: string, fields: LogFields) => {
    if (!isLogged(level, least) || stream.destroyed) return
    if (stream.writableLength > maxWaitingBytes) {
      dropped++
      return
    }
    const counted = dropped > 0 ? { ...fields, dropped_lines: dropped } : fields
    dropped = 0
    // As one object: winston would join a `message` among separate fields to the text.
    winston.log({ level, message: '', entry: { time: now(), level, message, fields: counted } satisfies LogEntry })
  })
}
