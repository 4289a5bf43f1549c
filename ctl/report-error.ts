import { inspect } from 'node:util'
import { ClusterError } from '../lib/errors/cluster-error.ts'
import { errorCodes } from '../lib/errors/codes.ts'
import type { ExitCode } from '../lib/errors/codes.ts'

/** Exit code of a command that was interrupted with Ctrl-C. */
export const interruptedExit = 130

/** What an operator is told of an error; the stack only with CORRAL_DEBUG=1. */
export function errorText(error: unknown, env: Readonly<Record<string, string | undefined>>, subject?: string): string {
  const about = subject === undefined ? '' : `${subject}: `
  const stack = env.CORRAL_DEBUG === '1' ? `${inspect(error)}\n` : ''
  if (error instanceof ClusterError) return `${about}${messageOf(error)}\n${stack}`
  const advice = stack === '' ? '; run it again with CORRAL_DEBUG=1 for the details' : ''
  return `${about}ctl failed in a way that it should not have: ${error instanceof Error ? error.message : String(error)}${advice}\n${stack}`
}

/** The exit code that the error table gives. */
export function exitCodeOf(error: unknown): ExitCode {
  return errorCodes[ClusterError.from(error).code].exit
}

/** The text for people: that of a slave which is away is the base dialect's, word for word, and only the details know which slave it is. */
export function messageOf({ code, message, details: { slave } }: ClusterError): string {
  if (code !== 'slave_not_connected' || typeof slave !== 'string') return message
  return `Slave ${slave}, which has the instance, is not connected; see \`ctl slave show ${slave}\``
}
