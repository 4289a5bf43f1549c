import { join } from 'node:path'

/** The files of one run, all in its run directory. */
export function runFiles(directory: string) {
  return {
    /** The launcher's script as it was when the run began: an upgrade of Corral must not change it under a live shell. */
    script: join(directory, 'launch'),
    /** Whose first line decides whether the game begins: the game's own, or a slave's revocation. */
    claim: join(directory, 'claim'),
    /** The launcher's identity and the exit status. */
    state: join(directory, 'state'),
    /** The FIFO that the game reads; there is none if the game has no console. */
    input: join(directory, 'in'),
    /** stdout and stderr. */
    output: join(directory, 'out'),
    /** Bytes that the launcher has released from the head of the output; only the launcher moves it forward. */
    launcherHead: join(directory, 'head'),
    /** What slaves know of the output: base, head and end. */
    known: join(directory, 'known'),
    /** What the launcher's shell said: the names of signals, or why it failed. */
    launcherErrors: join(directory, 'launcher.err'),
  } as const
}

/** A number as the files hold it: always as wide, so that it is overwritten in place, even on a full disk. */
export function fixedWidth(value: number): string {
  return String(value).padStart(20)
}
