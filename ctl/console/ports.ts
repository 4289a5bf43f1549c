import type { ClusterError } from '../../lib/errors/cluster-error.ts'
import type { EventOf, RequestOf, ResponseOf } from '../../lib/link/define.ts'
import type { instanceOutput, listRuns, readConsole } from '../../lib/link/messages/console.ts'

/** A place in an instance's console. */
export interface Position {
  readonly run: number
  /** Byte within the output of the run. */
  readonly offset: number
}

/** Where to begin: at the last lines of the newest run, or at a place in a run. */
export interface Start {
  /** The newest run when left out. */
  readonly run?: number | undefined
  readonly from?: number | undefined
  readonly tail?: number | undefined
}

export type ConsoleQuery = Omit<RequestOf<typeof readConsole>, 'instance_id'>
export type ConsoleRead = ResponseOf<typeof readConsole>
export type RunExit = NonNullable<ConsoleRead['exit']>

/** Prints an instance's console as it is told what happens. */
export interface Follower {
  /** Live output came. */
  take(output: EventOf<typeof instanceOutput>['output']): void
  /** Output may have been left out. */
  cut(): void
  /** There is a connection again; the master may know nothing of the one before. */
  reconnected(): void
  /** Ends following once everything that has been printed until now is there. */
  finish(): void
  /** Ends following with an error. */
  fail(error: ClusterError): void
  /** Follows until `finish` or `fail`. */
  run(): Promise<void>
}

/** What following needs of its connection. */
export interface ConsoleSource {
  /** Asks for live output from now on. */
  subscribe(): Promise<void>
  read(query: ConsoleQuery): Promise<ConsoleRead>
  runs(): Promise<ResponseOf<typeof listRuns>['runs']>
}

/** Where the console goes. */
export interface ConsoleSink {
  /** Takes bytes, in order and without a gap; resolves when there is room for more. */
  write(bytes: Buffer, at: Position): Promise<void>
  runEnded(run: number, exit: RunExit | null): void
  /** Output that is no longer kept is left out: printing goes on at `to`. */
  gone(from: Position, to: Position): void
  /** The console can't be read now; following goes on when it can. */
  interrupted(error: ClusterError): void
}
