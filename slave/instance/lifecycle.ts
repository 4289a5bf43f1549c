import { ClusterError } from '../../lib/errors/cluster-error.ts'
import type { Logger } from '../../lib/log/logger.ts'
import type { ConsoleArchive } from '../console/archive.ts'
import { endProcess } from '../run/end-process.ts'
import type { RunExit } from '../run/run-exit.ts'
import { describeExit, lastExitOf } from '../run/run-exit.ts'
import type { Run } from '../run/run.ts'
import { ActiveRun } from './active-run.ts'
import type { ActualState } from './actual-state.ts'
import { Beginning } from './beginning.ts'
import { endError, endPlan, lastLines } from './end-of-run.ts'
import { followEnd } from './follow-end.ts'
import type { Host } from './host.ts'
import { keptPorts, runLimitBytes } from './launch-game.ts'
import { Preparation } from './preparation.ts'
import type { InstanceDirectory, InstanceRecord } from './record.ts'
import type { RecordKeeper } from './record-keeper.ts'
import { recoverRun } from './recover-run.ts'
import type { PlayerActivity } from './run-watch.ts'
import { SettleLoop } from './settle-loop.ts'

interface LifecycleOwner {
  changed(): void
  activity(activity: PlayerActivity): void
  runBegan(number: number, run: Run): void
  runEnded(number: number, exit: RunExit): void
}

interface Parts {
  readonly directory: InstanceDirectory
  readonly archive: ConsoleArchive
  readonly host: Host
  readonly log: Logger
  readonly keeper: RecordKeeper
  readonly actual: ActualState
  readonly owner: LifecycleOwner
}

/** The runs of an instance: begins, adopts and ends them until its actual state is what its record wants. */
export class Lifecycle {
  /** The run that goes on is to end, and another to begin. */
  isRestartWanted = false
  /** The run that goes on is to end without being asked. */
  isKillWanted = false
  /** Its run ends though it is wanted, because the slave is drained. */
  isEvicted = false
  /** Of what the game starts from, asked for by itself; a start comes after it. */
  readonly preparation: Preparation
  readonly #parts: Parts
  readonly #loop: SettleLoop
  readonly #beginning: Beginning
  /** Aborted once this slave lets go: what waits for the game then waits no more. */
  readonly #detached = new AbortController()
  #active: ActiveRun | undefined
  /** False while a run may go on that nobody looks after: then no other is begun. */
  #isTakenUp = false
  #takingUp: Promise<void> | undefined
  /** Settles when the end of the newest run is on record. */
  #ended: Promise<void> = Promise.resolve()

  constructor(parts: Parts) {
    const { actual } = parts
    this.#parts = parts
    this.preparation = new Preparation(parts)
    this.#beginning = new Beginning(parts)
    this.#loop = new SettleLoop({
      step: () => this.#step(),
      failed: (error) => (this.#isTakenUp ? actual.crashed(error) : actual.lost(error)),
      rested: () => {
        // Who waits for what is there already need not wait, nor who waits for what is not wanted any more.
        actual.waiters.reached(actual.status)
        if (this.#record.desired !== 'running') return
        actual.waiters.fail('stopped', new ClusterError('wrong_state', 'The instance was told to run again before it had stopped'))
      },
    })
  }

  /** The run that goes on, if any. */
  get active(): ActiveRun | undefined {
    return this.#active
  }

  get isDetached(): boolean {
    return this.#detached.signal.aborted
  }

  get #record(): InstanceRecord {
    return this.#parts.keeper.record
  }

  /** The run that goes on, if any, is to end whatever becomes of it. */
  get #isEndAsked(): boolean {
    return this.isRestartWanted || this.isEvicted || this.#record.desired === 'stopped'
  }

  /** Takes up what is on disk, then settles. What can't be taken up is tried again, and until then nothing is begun. */
  async recover(): Promise<void> {
    if (this.#record.has_given_up) this.#parts.actual.set('crashed')
    await this.takeUp().then(() => this.settle(), (error: unknown) => this.#loop.retry(error))
  }

  /** Makes sure that the run on record is looked after: one that goes on, or that ended meanwhile. Throws `store_failed` while it can't be. */
  takeUp(): Promise<void> {
    if (this.#isTakenUp) return Promise.resolve()
    this.#takingUp ??= this.#adopt().finally(() => { this.#takingUp = undefined })
    return this.#takingUp
  }

  /** What is wanted may have changed. */
  settle(): void {
    this.#loop.settle()
  }

  /** A restart that waits for its time is not wanted, or wanted at once. */
  cancelRestart(): void {
    this.#loop.dontWait()
  }

  /** Lets a game that is being prepared not begin. */
  abortBeginning(): void {
    this.preparation.abort()
    this.#beginning.abort()
  }

  /** The slave is drained: what has not begun doesn't. */
  holdBack(): void {
    this.#beginning.abort()
    this.settle()
  }

  /** Ends the run that goes on, and nothing is begun or ended after it. */
  async suspend(): Promise<void> {
    await this.#loop.stop()
    if (this.#active) await this.#end(this.#active)
  }

  /** Lets go of the game. Resolves when nothing is done about it any more. */
  async detach(): Promise<void> {
    this.#detached.abort()
    this.#release()
    this.abortBeginning()
    await this.#loop.stop()
    await this.#takingUp?.catch(() => {})
    await this.preparation.over()
  }

  async #step(): Promise<void> {
    await this.takeUp()
    const { host, actual } = this.#parts
    const isWanted = this.#record.desired === 'running'
    const active = this.#active
    // One that is ending already was left so by the slave before, or withstood.
    if (active && (this.#isEndAsked || active.isEnding || active.fault !== undefined)) await this.#end(active)
    else if (!active && isWanted && host.isDraining()) this.#rest()
    else if (!active && isWanted && !this.#loop.isWaiting && !this.#record.has_given_up) await this.#begin()
    else if (!active && !isWanted) actual.set('stopped')
  }

  /** It is wanted, but the slave is drained. */
  #rest(): void {
    const { actual } = this.#parts
    const problem = 'The slave is being drained; it is started when that ends'
    this.cancelRestart()
    actual.waiters.fail('running', new ClusterError('wrong_state', problem))
    if (actual.status !== 'crashed') actual.set('stopped', problem)
  }

  async #begin(): Promise<void> {
    // What is wanted may be something else by then.
    if (await this.preparation.over()) return this.settle()
    const { host, keeper, actual, archive, log } = this.#parts
    this.isRestartWanted = false
    this.isKillWanted = false
    actual.set('starting', null)
    const number = this.#record.last_run + 1
    const { assignment } = this.#record
    const ports = await host.ports.allocate(assignment, assignment.template.ports ?? {}, assignment.ports, await keptPorts(this.#record))
    await keeper.save({ last_run: number, ports, set_ports: assignment.ports, run: { number, phase: 'starting' } })
    try {
      const outcome = await this.#beginning.launch(number)
      // What is wanted now, the next step finds out.
      if (outcome === 'aborted') return this.settle()
      if (outcome instanceof ClusterError) return await this.#followEnd(outcome, false)
      // The next slave finds by the run's claim that it has begun.
      if (this.isDetached) return await outcome.detach()
      // A disk that is full must not hide from us a game that runs.
      await keeper.note({ run: { number, phase: 'running' } })
      await this.#take(number, outcome)
    } catch (error) {
      // A game that has begun goes on: it is taken up before another may begin.
      this.#isTakenUp = this.#active !== undefined
      throw error
    }
    await archive.prune(host.keptRuns, runLimitBytes(assignment)).catch((error: unknown) => {
      log.warn('Consoles of old runs could not be deleted', { error: String(error) })
    })
  }

  async #end(active: ActiveRun): Promise<void> {
    const { keeper, actual } = this.#parts
    const { number, run, console } = active
    const { stop } = this.#record.assignment.template
    active.beginEnd()
    actual.set('stopping')
    await keeper.note({ run: { number, phase: 'stopping' } })
    const plan = this.isKillWanted ? { askGraceMs: 0, terminateGraceMs: 0 } : endPlan(stop, console)
    await endProcess(run, { ...plan, abandoned: this.#detached.signal })
    await this.#ended
  }

  async #take(number: number, run: Run): Promise<void> {
    const { archive, owner, actual, log } = this.#parts
    await archive.setCurrent(number, run)
    const active: ActiveRun = new ActiveRun(number, run, this.#record, {
      ready: () => this.#onReady(active),
      faulty: () => this.settle(),
      playersChanged: () => owner.changed(),
      activity: (activity) => owner.activity(activity),
    })
    this.#active = active
    this.#isTakenUp = true
    owner.runBegan(number, run)
    this.#ended = new Promise((resolve) => {
      run.onExit((exit) => {
        this.#onExit(active, exit)
          .catch((error: unknown) => {
            log.error('The end of a run could not be dealt with', { error: String(error) })
            this.settle()
          })
          .finally(resolve)
      })
    })
    actual.set(active.isEnding ? 'stopping' : 'starting')
    active.expectReady(this.#record.run?.is_ready ?? false)
  }

  #onReady({ number }: ActiveRun): void {
    const { keeper, actual } = this.#parts
    if (this.#active?.number !== number) return
    // The line may be gone from the console when a later slave looks for it.
    if (!this.#record.run?.is_ready) void keeper.note(({ run }) => (run?.number === number ? { run: { ...run, is_ready: true } } : {}))
    if (actual.status !== 'stopping') actual.set('running')
  }

  async #onExit(active: ActiveRun, exit: RunExit): Promise<void> {
    if (this.#active !== active) return
    const { keeper, owner, actual, log } = this.#parts
    const { number, run } = active
    const lines = await lastLines(run)
    // What the game left behind goes with it: the next run must find its ports free.
    await run.kill().catch((error: unknown) => log.warn('Processes of an ended run remain', { error: String(error) }))
    this.#release()
    await keeper.note({ run: null, last_exit: lastExitOf(exit) })
    owner.runEnded(number, exit)
    log.info(`Run ${number} has ended: ${describeExit(exit)}`)
    const { assignment } = this.#record
    // Whatever was wrong with a run that was asked to end, its end is what was asked for.
    const wasAsked = this.#isEndAsked || (active.isEnding && active.fault === undefined)
    if (wasAsked || (exit.reason === 'host_restarted' && assignment.restart_policy !== 'never')) actual.set('stopped')
    else await this.#followEnd(endError(exit, active, lines), active.fault === undefined && exit.code === 0)
    this.settle()
  }

  #followEnd(error: ClusterError, isClean: boolean): Promise<void> {
    return followEnd(error, isClean, { ...this.#parts, startLater: (delayMs) => this.#loop.settleLater(delayMs) })
  }

  async #adopt(): Promise<void> {
    const { directory, keeper, log } = this.#parts
    const { run: known, assignment } = this.#record
    let run: Run | undefined
    try {
      run = known ? await recoverRun(known.number, directory, assignment, log) : undefined
      // One that never began is simply started again.
      if (known && !run) await keeper.save({ run: null })
      if (known && run) await this.#takeRecovered(known, run)
      this.#isTakenUp = true
    } catch (cause) {
      throw new ClusterError('store_failed', `What became of run ${known?.number} of ${assignment.name} can't be found out: ${(cause as Error).message}. `
        + `It may still run, so nothing is started; put ${directory.path} right, it is tried again by itself`, { cause })
    }
    if (run?.exit) await this.#ended
  }

  async #takeRecovered({ number, phase }: NonNullable<InstanceRecord['run']>, run: Run): Promise<void> {
    if (this.isDetached) return run.detach()
    if (phase === 'starting') await this.#parts.keeper.note({ run: { number, phase: 'running' } })
    await this.#take(number, run)
  }

  #release(): void {
    this.#active?.close()
    this.#active = undefined
  }
}
