import type { Host } from './host.ts'
import { findGame, prepareGame } from './prepare-game.ts'
import type { InstanceDirectory } from './record.ts'
import type { RecordKeeper } from './record-keeper.ts'

interface Parts {
  readonly directory: InstanceDirectory
  readonly host: Host
  readonly keeper: RecordKeeper
}

/** Makes what a game starts from, without starting it. */
export class Preparation {
  readonly #parts: Parts
  #work: Promise<void> | undefined
  #aborter: AbortController | undefined

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Prepares; who asks while it is at work gets that. Throws as `prepareGame` does. */
  run(): Promise<void> {
    this.#work ??= this.#run().finally(() => { this.#work = undefined })
    return this.#work
  }

  abort(): void {
    this.#aborter?.abort()
  }

  /** Resolves when nothing is being prepared, whatever became of it; true if something was. */
  async over(): Promise<boolean> {
    if (!this.#work) return false
    await this.#work.catch(() => {})
    return true
  }

  async #run(): Promise<void> {
    const { directory, host, keeper: { record } } = this.#parts
    const { signal } = this.#aborter = new AbortController()
    const program = await findGame(record, host)
    await prepareGame(record, program, directory, host, signal)
  }
}
