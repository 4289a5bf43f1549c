import { ClusterError } from '../../lib/errors/cluster-error.ts'
import type { Logger } from '../../lib/log/logger.ts'
import { hasBegun, readGame } from '../run/records.ts'
import { findExit } from '../run/run-exit.ts'
import type { Run } from '../run/run.ts'
import type { Host } from './host.ts'
import { launchGame } from './launch-game.ts'
import type { InstanceDirectory } from './record.ts'
import type { RecordKeeper } from './record-keeper.ts'

interface Parts {
  readonly directory: InstanceDirectory
  readonly host: Host
  readonly keeper: RecordKeeper
  readonly log: Logger
}

/** Begins runs that are on record. */
export class Beginning {
  readonly #parts: Parts
  #aborter: AbortController | undefined

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Ends the preparation of the game that is about to begin; one that has begun is not affected. */
  abort(): void {
    this.#aborter?.abort()
  }

  /**
   * The run that has begun, or why its game did not: then it never will, and the run is off the record. Throws what went
   * wrong where its game may run all the same.
   */
  async launch(number: number): Promise<Run | ClusterError | 'aborted'> {
    const { directory, host, keeper, log } = this.#parts
    const { signal } = this.#aborter = new AbortController()
    // What was told to it before this moment did not reach it.
    if (host.isDraining() || keeper.record.desired === 'stopped') this.#aborter.abort()
    try {
      return await launchGame(number, keeper.record, directory, host, { signal, onWarning: (text) => log.warn(text) })
    } catch (error) {
      if (mayGoOn(directory.run(number))) throw error
      await this.#discardUnbegun(number)
      await keeper.note({ run: null })
      return signal.aborted ? 'aborted' : ClusterError.from(error)
    } finally {
      this.#aborter = undefined
    }
  }

  /** Who failed to start it has settled that it never begins. */
  async #discardUnbegun(number: number): Promise<void> {
    const { directory, log } = this.#parts
    if (hasBegun(directory.run(number))) return
    await directory.deleteRun(number).catch((error: unknown) => {
      log.warn(`What is left of run ${number}, which never began, could not be deleted`, { error: String(error) })
    })
  }
}

function mayGoOn(directory: string): boolean {
  try {
    const game = readGame(directory)
    return game !== undefined && findExit(directory, game) === undefined
  } catch {
    return true
  }
}
