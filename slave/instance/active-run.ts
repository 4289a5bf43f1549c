import { LineMatcher } from '../../lib/template/line-matcher.ts'
import type { Run } from '../run/run.ts'
import { openConsole } from './game-console.ts'
import type { GameConsole } from './game-console.ts'
import { HealthWatch } from './health-watch.ts'
import type { InstanceRecord } from './record.ts'
import { RunWatch } from './run-watch.ts'
import type { PlayerActivity } from './run-watch.ts'

interface ActiveRunOwner {
  /** The game is ready; once. */
  ready(): void
  /** The game has a `fault`, for which it must be ended. */
  faulty(): void
  playersChanged(): void
  activity(activity: PlayerActivity): void
}

/** A run that goes on, with what watches it and speaks to it. */
export class ActiveRun {
  readonly number: number
  readonly run: Run
  readonly console: GameConsole
  readonly #record: Pick<InstanceRecord, 'assignment' | 'ports'>
  readonly #owner: ActiveRunOwner
  readonly #watch: RunWatch
  #isReady = false
  #isEnding: boolean
  #fault: string | undefined
  #readyTimer: NodeJS.Timeout | undefined
  #health: HealthWatch | undefined

  constructor(number: number, run: Run, record: InstanceRecord, owner: ActiveRunOwner) {
    const { assignment, ports } = record
    this.number = number
    this.run = run
    this.#isEnding = record.run?.phase === 'stopping'
    this.#record = { assignment, ports }
    this.#owner = owner
    this.console = openConsole(assignment, ports, run)
    this.#watch = new RunWatch(run.output, new LineMatcher(assignment.template), {
      ready: () => this.#becomeReady(),
      failed: (line) => {
        // A game that says that it could not start, and goes on running.
        if (!this.#isReady) this.#blame(`it says: ${line}`)
      },
      playersChanged: () => owner.playersChanged(),
      activity: (activity) => owner.activity(activity),
      line: (text) => this.#health?.line(text),
    })
  }

  get isReady(): boolean {
    return this.#isReady
  }

  /** It was told to end, by this slave or the one before. */
  get isEnding(): boolean {
    return this.#isEnding
  }

  /** Why it is being ended, when that is for a fault of its own. */
  get fault(): string | undefined {
    return this.#fault
  }

  get players(): string[] {
    return this.#watch.players
  }

  /** Takes it for ready, or gives it until the template's deadline to say so. */
  expectReady(isReady: boolean): void {
    const { ready } = this.#record.assignment.template
    if (!ready || isReady) return this.#becomeReady()
    const { deadline_ms: deadlineMs } = ready
    this.#readyTimer = setTimeout(() => this.#blame(`it did not print its ready line within ${deadlineMs / 1_000} s`), deadlineMs)
  }

  /** It is told to end: from now on nobody asks whether it is ready or at work, and nothing that it does is a fault. */
  beginEnd(): void {
    this.#isEnding = true
    this.#stopAsking()
  }

  /** Lets go of the game. */
  close(): void {
    this.#stopAsking()
    this.#watch.close()
    this.console.close()
  }

  #becomeReady(): void {
    if (this.#isReady) return
    this.#isReady = true
    clearTimeout(this.#readyTimer)
    const { assignment: { template: { health } }, ports } = this.#record
    if (health && !this.#isEnding) {
      this.#health = new HealthWatch({ health, ports, send: (line) => this.console.send(line), hung: (why) => this.#blame(why) })
    }
    this.#owner.ready()
  }

  #stopAsking(): void {
    clearTimeout(this.#readyTimer)
    this.#health?.close()
  }

  #blame(fault: string): void {
    if (this.#isEnding) return
    this.#fault = fault
    this.#owner.faulty()
  }
}
