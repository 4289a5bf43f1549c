import type { Arguments } from '../lib/cli/arguments.ts'
import type { Input } from '../lib/cli/secret-input.ts'
import type { Connection, ConnectionEvents } from './connection.ts'
import type { Output } from './output/output.ts'
import type { Progress } from './output/progress.ts'

/** What a command works with. */
export interface Context {
  readonly args: Arguments
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdin: Input
  /** Prints data on stdout in the format that was asked for. */
  readonly output: Output
  /** Tells a person at a terminal what is going on, on stderr. */
  readonly progress: Progress
  /** Connects to the master with the operator's config; the connection is closed when the command is done. */
  connect(events?: ConnectionEvents): Promise<Connection>
  /** A question on stderr, after which the cursor stays. */
  ask(text: string): void
  /** A line on stderr for the operator; the data on stdout stays clean. */
  note(text: string): void
  /** What to tell an operator who interrupts the command from now on. */
  whenInterrupted(text: string): void
  /** An error that does not end the command: printed now, with the name of what it is about; the first decides the exit code. */
  fail(error: unknown, subject?: string): void
}
