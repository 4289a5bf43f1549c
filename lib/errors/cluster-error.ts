import { errorCodes, isErrorCode } from './codes.ts'
import type { ErrorCode } from './codes.ts'

export interface ClusterErrorOptions {
  details?: Readonly<Record<string, unknown>>
  cause?: unknown
}

/** The error as it travels: a stable code, a text for people, and data for programs. */
export interface ErrorOnWire {
  code: string
  message: string
  details?: Readonly<Record<string, unknown>>
}

/** Marks the class across copies of this package: a plugin may have been installed with one of its own. */
const mark = Symbol.for('corral.ClusterError')

/** The one error of Corral. `message` says what was tried, what went wrong and what to do next. */
export class ClusterError extends Error {
  override readonly name = 'ClusterError'
  readonly code: ErrorCode
  readonly details: Readonly<Record<string, unknown>>
  readonly [mark] = true

  constructor(code: ErrorCode, message: string, { details = {}, cause }: ClusterErrorOptions = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.details = details
  }

  static override [Symbol.hasInstance](value: unknown): value is ClusterError {
    return typeof value === 'object' && value !== null && mark in value
  }

  get isRetryable(): boolean {
    return errorCodes[this.code].isRetryable
  }

  toWire(): ErrorOnWire {
    const { code, message, details } = this
    return Object.keys(details).length > 0 ? { code, message, details } : { code, message }
  }

  /** The error that a peer sent; a code that this version does not know becomes `internal`, its text kept. */
  static fromWire({ code, message, details }: ErrorOnWire): ClusterError {
    if (isErrorCode(code)) return new ClusterError(code, message, details ? { details } : {})
    return new ClusterError('internal', message, { details: { ...details, code } })
  }

  /**
   * Anything thrown, as a ClusterError. A throw that is not ours becomes `internal` with a text that gives nothing
   * away; the original stays in `cause` for the log.
   */
  static from(thrown: unknown): ClusterError {
    if (thrown instanceof ClusterError) return thrown
    return new ClusterError('internal', 'Internal error; see the log of the program that reported it', { cause: thrown })
  }
}
