/** Severities, the gravest first. */
export const logLevels = ['error', 'warn', 'info', 'debug'] as const
export type LogLevel = (typeof logLevels)[number]

/**
 * What goes with a message. Values are made safe to print (see `plain`): a field named like a secret is masked, control
 * characters are escaped, errors are told with their causes.
 */
export type LogFields = Readonly<Record<string, unknown>>

/** What code writes its log to. It never throws and never waits. */
export interface Logger {
  error(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  debug(message: string, fields?: LogFields): void
  /** A logger that adds these fields to each line; a line's own fields win. */
  child(fields: LogFields): Logger
}

/** One line before it is formatted. */
export interface LogEntry {
  readonly time: Date
  readonly level: LogLevel
  readonly message: string
  readonly fields: LogFields
}

/** Whether a line of a level is written by a logger that was told to write `least` and graver. */
export function isLogged(level: LogLevel, least: LogLevel): boolean {
  return logLevels.indexOf(level) <= logLevels.indexOf(least)
}

/** A logger that hands its entries to `write`. */
export function loggerTo(write: (level: LogLevel, message: string, fields: LogFields) => void, bound: LogFields = {}): Logger {
  const at = (level: LogLevel) => (message: string, fields?: LogFields) => write(level, message, { ...bound, ...fields })
  return {
    error: at('error'),
    warn: at('warn'),
    info: at('info'),
    debug: at('debug'),
    child: (fields) => loggerTo(write, { ...bound, ...fields }),
  }
}

/** Writes nothing. */
export const silentLogger: Logger = loggerTo(() => {})
