import type { NextFunction, Request, Response } from 'express'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { errorCodes } from '../../lib/errors/codes.ts'
import type { Logger } from '../../lib/log/logger.ts'

/** Answers with an error: `{"error": {code, message, details}}` and the status that the table gives its code. */
export function sendError(response: Response, error: unknown): void {
  const known = ClusterError.from(error)
  response.status(errorCodes[known.code].http).json({ error: known.toWire() })
}

/** The last of the handlers: turns whatever was thrown into an answer, and tells the log of what should not happen. */
export function errorHandler(log: Logger) {
  return (error: unknown, request: Request, response: Response, next: NextFunction): void => {
    if (response.headersSent) return next(error)
    const known = bodyError(error)
    if (known.code === 'internal') log.error('A request over HTTP failed', { path: request.path, error: String(known.cause) })
    sendError(response, known)
  }
}

/** What express's own body reader throws, as an error of ours. */
export function bodyError(error: unknown): ClusterError {
  const status = typeof error === 'object' && error !== null && 'status' in error ? error.status : undefined
  if (status === 413) return new ClusterError('too_large', 'The body is larger than `limits.message_bytes` allows')
  if (typeof status === 'number' && status >= 400 && status < 500) return new ClusterError('malformed', 'The body could not be read')
  return ClusterError.from(error)
}
