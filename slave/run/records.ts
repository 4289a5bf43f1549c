import { appendFileSync, readFileSync } from 'node:fs'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import type { ProcessIdentity } from '../../lib/process-identity.ts'
import { runFiles } from './run-files.ts'

/** What the run directory says about the launcher and the end of the game. */
export interface RunState {
  launcher: ProcessIdentity | undefined
  hasTerminal: boolean
  /** A slave asked for SIGKILL. */
  wasKilled: boolean
  exit: { status: number; isOutOfMemory: boolean } | undefined
}

/** Reads the records of a run. A line that is not complete is not there yet. */
export function readState(directory: string): RunState {
  const state: RunState = { launcher: undefined, hasTerminal: false, wasKilled: false, exit: undefined }
  for (const [kind, ...fields] of completeLines(runFiles(directory).state)) {
    if (kind === 'L') {
      state.launcher = identity(fields)
      state.hasTerminal = fields[3] === 'terminal'
    }
    if (kind === 'K') state.wasKilled = true
    if (kind === 'X') state.exit = { status: Number(fields[0]), isOutOfMemory: fields[1] === 'oom' }
  }
  return state
}

/** The game that this run began; undefined if it has not begun, or its start was revoked. */
export function readGame(directory: string): ProcessIdentity | undefined {
  const [first] = completeLines(runFiles(directory).claim)
  return first?.[0] === 'G' ? identity(first.slice(1)) : undefined
}

/** Whether a run's game has begun, be it over or not; false while that is not settled. */
export function hasBegun(directory: string): boolean {
  return readGame(directory) !== undefined
}

/**
 * Settles whether a run has begun. Afterwards a game that has not begun never will, however late its launcher gets to
 * run: appends are ordered by the kernel, and everyone goes by the first line. Throws `disk_full`.
 */
export function settleClaim(directory: string): ProcessIdentity | undefined {
  const { claim } = runFiles(directory)
  const [first] = completeLines(claim)
  if (!first) {
    try {
      appendFileSync(claim, 'R\n', { mode: 0o600 })
    } catch (cause) {
      if (isCode(cause, 'ENOENT')) return undefined
      throw new ClusterError(isCode(cause, 'ENOSPC') ? 'disk_full' : 'internal',
        `Tried to settle the unfinished start in ${directory}; could not write ${claim}. Free some space, then start the slave again`,
        { cause })
    }
  }
  return readGame(directory)
}

/** Notes that the slave itself kills the game, so that its end is not put down to a lack of memory. */
export function noteKill(directory: string): void {
  try {
    appendFileSync(runFiles(directory).state, 'K\n')
  } catch {
    // Only the explanation of the exit is lost.
  }
}

/** Whether a thrown value is a system error with this code, such as `ENOENT`. */
export function isCode(thrown: unknown, code: string): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === code
}

function completeLines(path: string): string[][] {
  let text: string
  try {
    text = readFileSync(path, 'latin1')
  } catch (error) {
    if (isCode(error, 'ENOENT')) return []
    throw error
  }
  return text.split('\n').slice(0, -1).map((line) => line.split(' '))
}

function identity([pid, startTicks, bootId]: string[]): ProcessIdentity {
  return { pid: Number(pid), startTicks: startTicks ?? '', bootId: bootId ?? '' }
}
