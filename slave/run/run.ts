import { existsSync, statSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { ActivityWatch } from './activity-watch.ts'
import { ConsoleInput } from './console-input.ts'
import { findRunProcesses, sendSignal } from './descendants.ts'
import { launchGame } from './launch.ts'
import type { LaunchOptions } from './launch.ts'
import { RunOutput } from './output.ts'
import { isAlive } from '../../lib/process-identity.ts'
import type { ProcessIdentity } from '../../lib/process-identity.ts'
import { noteKill, readState, settleClaim } from './records.ts'
import { runFiles } from './run-files.ts'
import { findExit, recordedExit } from './run-exit.ts'
import type { RunExit } from './run-exit.ts'

export interface RecoverOptions {
  directory: string
  /** How much of the output is kept on disk. */
  consoleLimitBytes: number
  /** Told of what goes wrong without ending anything: a full disk, a file system without holes. */
  onWarning?: (text: string) => void
}

const livenessMs = 1_000
const killDeadlineMs = 10_000
const killPauseMs = 20

/**
 * One life of a game's process, which belongs to its launcher and not to this program: it goes on when this program
 * dies, and the next one recovers it from the run directory.
 */
export class Run {
  /** The game's process id, which is also that of its process group and session. */
  readonly pid: number
  /** ISO 8601. */
  readonly startedAt: string
  readonly output: RunOutput
  readonly #directory: string
  readonly #game: ProcessIdentity
  readonly #launcher: ProcessIdentity | undefined
  readonly #onWarning: (text: string) => void
  readonly #listeners = new Set<(exit: RunExit) => void>()
  readonly #input: ConsoleInput | undefined
  readonly #watch: ActivityWatch | undefined
  #exit: RunExit | undefined
  #ending: Promise<void> | undefined
  #stateSize = 0
  #livenessAt = -Infinity
  #isDetached = false

  /**
   * Starts a game and resolves when it has begun. Throws `start_failed` with the last lines of its output,
   * `program_missing`, `conflict` if the directory exists, `disk_full`, `invalid_request`.
   */
  static async launch(options: LaunchOptions): Promise<Run> {
    return await Run.#attach(options, await launchGame(options))
  }

  /**
   * What became of a run that an earlier slave began to start: running, or ended. Undefined if its game has never
   * begun; from then on it never will, and another start is safe. Throws `disk_full`.
   */
  static async recover(options: RecoverOptions): Promise<Run | undefined> {
    const game = settleClaim(options.directory)
    return game && await Run.#attach(options, game)
  }

  static async #attach({ directory, consoleLimitBytes, onWarning = () => {} }: RecoverOptions, game: ProcessIdentity): Promise<Run> {
    const output = await RunOutput.open(directory, { limitBytes: consoleLimitBytes, onWarning })
    try {
      const run = new Run(directory, game, output, onWarning)
      await run.#ending
      return run
    } catch (error) {
      await output.close()
      throw error
    }
  }

  private constructor(directory: string, game: ProcessIdentity, output: RunOutput, onWarning: (text: string) => void) {
    const files = runFiles(directory)
    this.pid = game.pid
    this.output = output
    this.#directory = directory
    this.#game = game
    this.#launcher = readState(directory).launcher
    this.#onWarning = onWarning
    this.startedAt = statSync(files.claim).mtime.toISOString()
    this.#look()
    if (this.#ending) return
    if (existsSync(files.input)) this.#input = new ConsoleInput(files.input)
    this.#watch = new ActivityWatch(directory, () => this.#look())
    // Its first look may have seen the end already.
    if (this.#isOver()) this.#watch.close()
  }

  /** How the run ended; undefined while it runs, and until its output was read to the end. */
  get exit(): RunExit | undefined {
    return this.#exit
  }

  /**
   * Writes one console line, without its line break, and resolves when the game's stdin has taken it. Lines go in the
   * order given, at least 100 ms apart. Throws `console_unavailable` if the game has no console, has ended, does not
   * read, or 64 lines wait; `invalid_request` for more than 4095 bytes or more than one line.
   */
  async write(line: Uint8Array | string): Promise<void> {
    if (!this.#input) {
      throw new ClusterError('console_unavailable', this.#exit
        ? 'Tried to write a line to the game\'s console, but the game has ended'
        : 'Tried to write a line to the game\'s console, but this game is started without one. Set it in the template')
    }
    await this.#input.write(line)
  }

  /** Ends the game's stdin after the lines that wait; none can be written from then on. */
  endInput(): void {
    const input = this.#input
    if (!input) return
    void input.drained().then(() => {
      input.close()
      if (this.#launcher && isAlive(this.#launcher)) sendSignal(this.#launcher.pid, 'SIGUSR1')
    })
  }

  /** Sends a signal to the game's process group; does nothing once the game is gone. */
  signal(name: NodeJS.Signals): void {
    if (!this.#exit && isAlive(this.#game)) sendSignal(-this.pid, name)
  }

  /**
   * Kills the game and all that it has left behind: its session, and whatever carries the run's marker. Resolves when
   * they are gone and the exit is known; after the game's end it only clears away what remains. Throws `deadline` if
   * a process withstands for ten seconds.
   */
  async kill(): Promise<void> {
    const giveUpAt = performance.now() + killDeadlineMs
    if (!this.#exit) noteKill(this.#directory)
    for (;;) {
      this.signal('SIGKILL')
      const remaining = findRunProcesses(this.#game, this.#directory, this.#launcher?.pid)
      for (const pid of remaining) sendSignal(pid, 'SIGKILL')
      if (this.#isDetached) return
      this.#livenessAt = -Infinity
      this.#look()
      await this.#ending
      if (remaining.length === 0 && this.#exit) return
      if (performance.now() > giveUpAt) {
        throw new ClusterError('deadline', `Tried to kill the game (process ${this.pid}); ${remaining.length} of its processes withstand. `
          + 'They may wait for a disk or network file system; look at the host', { details: { pids: remaining } })
      }
      await delay(killPauseMs)
    }
  }

  /**
   * Calls back once with how the run ended, after every follower has had the whole output; soon, if it has ended
   * already. Returns a function that takes the listener back.
   */
  onExit(listener: (exit: RunExit) => void): () => void {
    this.#listeners.add(listener)
    if (this.#exit) void this.#publish(this.#exit)
    return () => this.#listeners.delete(listener)
  }

  /** Lets go of everything and leaves the game alone. Also for ended runs: their output stays open for reading until then. */
  async detach(): Promise<void> {
    this.#isDetached = true
    this.#listeners.clear()
    this.#watch?.close()
    this.#input?.close()
    await this.output.close()
  }

  #isOver(): boolean {
    return this.#isDetached || this.#ending !== undefined
  }

  /** Looks for output and for the end; true if there was any. */
  #look(): boolean {
    if (this.#isOver()) return false
    try {
      const hasGrown = this.output.refresh()
      const exit = this.#findExit()
      if (!exit) return hasGrown
      this.#ending = this.#end(exit)
      return true
    } catch (error) {
      this.#onWarning(`Cannot look after the run in ${this.#directory}: ${error instanceof Error ? error.message : String(error)}`)
      return false
    }
  }

  #findExit(): RunExit | undefined {
    const { size } = statSync(runFiles(this.#directory).state)
    const hasNews = size !== this.#stateSize
    this.#stateSize = size
    const recorded = hasNews ? recordedExit(this.#directory, readState(this.#directory)) : undefined
    const now = performance.now()
    if (recorded || now - this.#livenessAt < livenessMs) return recorded
    this.#livenessAt = now
    return findExit(this.#directory, this.#game)
  }

  async #end(exit: RunExit): Promise<void> {
    // No later look moves the end of the output: what is there now is what the run has written.
    this.#watch?.close()
    this.#input?.close()
    await this.output.drained()
    this.#exit = exit
    await this.#publish(exit)
  }

  async #publish(exit: RunExit): Promise<void> {
    await this.output.drained()
    const listeners = [...this.#listeners]
    this.#listeners.clear()
    for (const listener of listeners) {
      try {
        listener(exit)
      } catch (error) {
        this.#onWarning(`A listener of the run in ${this.#directory} failed: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
  }
}
