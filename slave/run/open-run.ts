import { statSync } from 'node:fs'
import { RunOutput } from './output.ts'
import { isCode, readGame } from './records.ts'
import { runFiles } from './run-files.ts'
import { findExit } from './run-exit.ts'
import type { RunExit } from './run-exit.ts'

/** What there is to read of a run. */
export interface ReadableRun {
  /** ISO 8601. */
  readonly startedAt: string
  /** How it ended; undefined while it goes on. */
  readonly exit: RunExit | undefined
  readonly output: Pick<RunOutput, 'head' | 'end' | 'read' | 'tailOffset'>
}

/** A run that was opened for reading. */
export interface OpenRun extends ReadableRun {
  close(): Promise<void>
}

/**
 * Opens a run for reading, whoever looks after it. Unlike `Run.recover` it settles nothing and writes nothing: a start that
 * is under way goes on. Undefined where no game has begun, or the run is not kept any more.
 */
export async function openRun(directory: string): Promise<OpenRun | undefined> {
  const game = readGame(directory)
  if (!game) return undefined
  try {
    // The exit first: all that was written before it is then in the output.
    const exit = findExit(directory, game)
    const startedAt = statSync(runFiles(directory).claim).mtime.toISOString()
    const output = await RunOutput.open(directory, { onWarning: () => {} })
    return { startedAt, exit, output, close: () => output.close() }
  } catch (error) {
    // Its directory was deleted in the meantime.
    if (isCode(error, 'ENOENT')) return undefined
    throw error
  }
}
