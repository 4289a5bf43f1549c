import { existsSync } from 'node:fs'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import type { Assignment, InstanceState } from '../../lib/link/messages/instances.ts'
import type { Logger } from '../../lib/log/logger.ts'
import { sayCommand } from '../../lib/template/render.ts'
import { ConsoleArchive } from '../console/archive.ts'
import { endProcess } from '../run/end-process.ts'
import type { RunExit } from '../run/run-exit.ts'
import { describeExit, lastExitOf } from '../run/run-exit.ts'
import { Run } from '../run/run.ts'
import { ActiveRun } from './active-run.ts'
import { endError, endPlan, lastLines } from './end-of-run.ts'
import type { Host } from './host.ts'
import { checkLaunch, launchGame, runLimitBytes } from './launch-game.ts'
import type { InstanceDirectory, InstanceRecord } from './record.ts'
import { RecordKeeper } from './record-keeper.ts'
import { decide } from './restart-policy.ts'
import type { PlayerActivity } from './run-watch.ts'
import { StateWaiters } from './state-waiters.ts'

/** Told of what happens to an instance. */
export interface InstanceListener {
  changed(instance: Instance): void
  activity(instance: Instance, activity: PlayerActivity): void
  runBegan(instance: Instance, number: number, run: Run): void
  runEnded(instance: Instance, number: number, exit: RunExit): void
}

const retryMs = 5_000

/**
 * One instance on its slave. What is wanted is on disk before it is acted upon; one loop, which never runs twice at
 * once, moves the actual state towards it.
 */
export class Instance {
  readonly directory: InstanceDirectory
  readonly archive: ConsoleArchive
  readonly #host: Host
  readonly #log: Logger
  readonly #listener: InstanceListener
  readonly #keeper: RecordKeeper
  readonly #waiters = new StateWaiters()
  #status: InstanceState['status'] = 'stopped'
  #problem: string | null = null
  #active: ActiveRun | undefined
  /** Settles when the end of the newest run is on record. */
  #ended: Promise<void> = Promise.resolve()
  #restartTimer: NodeJS.Timeout | undefined
  #isRestartWanted = false
  #isKillWanted = false
  #isRemoving = false
  #isSuspended = false
  /** Its run ends though it is wanted, because the slave is drained. */
  #isEvicted = false
  /** Aborted once this slave lets go: what waits for the game then waits no more. */
  readonly #detached = new AbortController()
  /** Ends the preparation of the game that is about to begin. */
  #beginning: AbortController | undefined
  #settling: Promise<void> | undefined
  #isUnsettled = false

  constructor(directory: InstanceDirectory, record: InstanceRecord, host: Host, listener: InstanceListener) {
    this.directory = directory
    this.archive = new ConsoleArchive(directory)
    this.#host = host
    this.#listener = listener
    this.#log = host.log.child({ instance: record.assignment.name })
    this.#keeper = new RecordKeeper(directory, record, this.#log)
    host.ports.claim(record.assignment.id, record.ports)
  }

  get #record(): InstanceRecord {
    return this.#keeper.record
  }

  get id(): number {
    return this.#record.assignment.id
  }

  get assignment(): Assignment {
    return this.#record.assignment
  }

  /** The run that goes on, if any. */
  get activeRun(): { number: number; run: Run } | undefined {
    return this.#active
  }

  get state(): InstanceState {
    const { desired, ports, last_exit: lastExit, last_run: lastRun } = this.#record
    return {
      desired,
      status: this.#status,
      run: lastRun || null,
      pid: this.#active?.run.pid ?? null,
      ports: { ...ports },
      started_at: this.#active?.run.startedAt ?? null,
      players: this.#active?.players ?? [],
      last_exit: lastExit,
      problem: this.#problem,
    }
  }

  /** Goes on with what is on disk: adopts the run that goes on, learns how one ended meanwhile, starts what should run. */
  async recover(): Promise<void> {
    const { run: known, has_given_up: hasGivenUp } = this.#record
    if (hasGivenUp) this.#status = 'crashed'
    if (known) await this.#adopt(known.number, known.phase)
    else await this.#openLast()
    this.#settle()
  }

  /** Takes a new configuration; it holds from the next start. Throws `port_taken`, `no_free_port`, `disk_full`. */
  async assign(assignment: Assignment): Promise<void> {
    this.#expectNotRemoving()
    const ports = await this.#host.ports.allocate(assignment.id, assignment.template.ports ?? {}, assignment.ports, this.#record.ports)
    // A game that runs has its ports until it ends, whatever it gets next.
    if (this.#active) this.#host.ports.claim(assignment.id, this.#record.ports)
    await this.#keeper.save({ assignment, ports: this.#active ? this.#record.ports : ports })
    this.#changed()
  }

  /** Wants it running. Throws `program_missing`, `port_taken`; with `wait` also `start_failed` and what else prevents it. */
  async start(wait: boolean): Promise<InstanceState['status']> {
    this.#expectNotDraining()
    if (!this.#active && this.#status !== 'starting') await checkLaunch(this.#record, this.#host)
    this.#expectNotRemoving()
    this.#cancelRestart()
    await this.#keeper.save({ desired: 'running', restarts: [], has_given_up: false })
    return this.#pursue('running', wait)
  }

  /** Wants it stopped. */
  async stop(wait: boolean): Promise<InstanceState['status']> {
    this.#cancelRestart()
    this.#isRestartWanted = false
    await this.#keeper.save({ desired: 'stopped', has_given_up: false })
    return this.#pursue('stopped', wait)
  }

  /** Ends the run that goes on, if any, and begins another. */
  async restart(wait: boolean): Promise<InstanceState['status']> {
    this.#expectNotRemoving()
    this.#expectNotDraining()
    if (!this.#active) return this.start(wait)
    this.#isRestartWanted = true
    await this.#keeper.save({ desired: 'running', restarts: [], has_given_up: false })
    return this.#pursue('running', wait)
  }

  /** Kills its processes at once; it stays stopped. */
  async kill(): Promise<InstanceState['status']> {
    this.#cancelRestart()
    this.#isRestartWanted = false
    await this.#keeper.save({ desired: 'stopped', has_given_up: false })
    this.#isKillWanted = true
    await this.#active?.run.kill()
    return this.#pursue('stopped', true)
  }

  /** Sends a line to the game's console. Throws `wrong_state`, `console_unavailable`. */
  async send(line: string): Promise<void> {
    if (!this.#active) throw new ClusterError('wrong_state', `The instance is ${this.#status}; start it first`)
    await this.#active.console.send(line)
  }

  /** Stops it and deletes all that it has on disk. */
  async remove(): Promise<void> {
    this.#isRemoving = true
    try {
      await this.stop(true)
    } catch (error) {
      this.#isRemoving = false
      throw error
    }
    this.#detached.abort()
    await this.#settling
    await this.archive.close()
    await this.#keeper.settled()
    this.#host.ports.release(this.id)
    await this.directory.delete()
  }

  /** Ends its run, without a change to what is wanted: the next slave starts it again. */
  async suspend(): Promise<void> {
    this.#isSuspended = true
    this.#cancelRestart()
    await this.#settling
    if (this.#active) await this.#end(this.#active)
  }

  /** Lets go of the game, which goes on by itself. */
  async detach(): Promise<void> {
    this.#detached.abort()
    this.#cancelRestart()
    this.#release()
    const stopping = new ClusterError('shutting_down', 'The slave is stopping; the game goes on')
    for (const want of ['running', 'stopped'] as const) this.#waiters.fail(want, stopping)
    this.#beginning?.abort()
    await this.#settling
    await this.archive.close()
    await this.#keeper.settled()
  }

  /** Tells the players something, where the game's console can. */
  async announce(text: string): Promise<void> {
    const command = sayCommand(this.assignment.template, text)
    if (command !== undefined) await this.#active?.console.send(command)
  }

  /** Ends its run because the slave is drained. What is wanted of it stays, and is done when draining ends. */
  evict(): void {
    this.#isEvicted = true
    this.#settle()
  }

  /** The slave is not drained any more. */
  release(): void {
    this.#isEvicted = false
    this.#settle()
  }

  #expectNotDraining(): void {
    if (this.#host.isDraining()) throw new ClusterError('wrong_state', 'The slave is being drained and starts no instances; end that with `ctl slave drain SLAVE --off`')
  }

  #expectNotRemoving(): void {
    if (this.#isRemoving) throw new ClusterError('wrong_state', `The instance ${this.assignment.name} is being deleted`)
  }

  #pursue(want: 'running' | 'stopped', wait: boolean): Promise<InstanceState['status']> {
    // One may have been set while what is wanted was written down.
    this.#cancelRestart()
    if (want === 'stopped') {
      this.#beginning?.abort()
      this.#waiters.fail('running', new ClusterError('wrong_state', 'The instance was told to stop before it was running'))
    }
    const reached = wait ? this.#waiters.wait(want) : undefined
    this.#settle()
    this.#changed()
    return reached ?? Promise.resolve(this.#status)
  }

  // One loop at a time; whoever finds it at work makes it look once more.
  #settle(): void {
    this.#isUnsettled = true
    this.#settling ??= this.#settleAll()
  }

  async #settleAll(): Promise<void> {
    // So that it can't be over before it is known to be at work.
    await Promise.resolve()
    while (this.#isUnsettled && !this.#detached.signal.aborted && !this.#isSuspended) {
      this.#isUnsettled = false
      try {
        await this.#step()
      } catch (error) {
        if (this.#detached.signal.aborted) break
        // A full disk, say: what is wanted stays wanted, so it is tried again.
        this.#fail('crashed', ClusterError.from(error))
        this.#settleLater(retryMs)
      }
    }
    // In the same step as the last look, or a change in between would be seen by nobody.
    this.#settling = undefined
    // Who waits for what is there already need not wait, nor who waits for what is not wanted any more.
    this.#waiters.reached(this.#status)
    if (this.#record.desired === 'running') {
      this.#waiters.fail('stopped', new ClusterError('wrong_state', 'The instance was told to run again before it had stopped'))
    }
  }

  #settleLater(delayMs: number): void {
    this.#cancelRestart()
    this.#restartTimer = setTimeout(() => {
      this.#restartTimer = undefined
      this.#settle()
    }, delayMs)
  }

  async #step(): Promise<void> {
    const isWanted = this.#record.desired === 'running'
    const active = this.#active
    if (active && (!isWanted || this.#isRestartWanted || this.#isEvicted || active.fault !== undefined)) await this.#end(active)
    else if (!active && isWanted && this.#host.isDraining()) this.#rest()
    else if (!active && isWanted && !this.#restartTimer && !this.#record.has_given_up) await this.#begin()
    else if (!active && !isWanted) this.#setStatus('stopped')
  }

  /** It is wanted, but the slave is drained. */
  #rest(): void {
    this.#cancelRestart()
    if (this.#status === 'crashed') return
    this.#setStatus('stopped')
    this.#problem = 'The slave is being drained; it is started when that ends'
  }

  async #begin(): Promise<void> {
    this.#isRestartWanted = false
    this.#isKillWanted = false
    this.#problem = null
    this.#setStatus('starting')
    const number = this.#record.last_run + 1
    const { assignment } = this.#record
    const ports = await this.#host.ports.allocate(assignment.id, assignment.template.ports ?? {}, assignment.ports, this.#record.ports)
    await this.#keeper.save({ last_run: number, ports, run: { number, phase: 'starting' } })
    let run: Run
    const { signal } = this.#beginning = new AbortController()
    try {
      run = await launchGame(number, this.#record, this.directory, this.#host, {
        signal,
        onWarning: (text) => this.#log.warn(text),
      })
    } catch (error) {
      await this.#keeper.note({ run: null })
      // It was told to stop: what is wanted now, the next step finds out.
      if (signal.aborted) this.#isUnsettled = true
      else await this.#followEnd(ClusterError.from(error), false)
      return
    } finally {
      this.#beginning = undefined
    }
    // The next slave finds by the run's claim that it has begun.
    if (this.#detached.signal.aborted) return run.detach()
    // A disk that is full must not hide from us a game that runs.
    await this.#keeper.note({ run: { number, phase: 'running' } })
    await this.#take(number, run)
    await this.archive.prune(this.#host.keptRuns, runLimitBytes(assignment)).catch((error: unknown) => {
      this.#log.warn('Consoles of old runs could not be deleted', { error: String(error) })
    })
  }

  async #end(active: ActiveRun): Promise<void> {
    const { number, run, console } = active
    const { stop } = this.#record.assignment.template
    active.isEnding = true
    this.#setStatus('stopping')
    await this.#keeper.note({ run: { number, phase: 'stopping' } })
    const plan = this.#isKillWanted ? { askGraceMs: 0, terminateGraceMs: 0 } : endPlan(stop, console)
    await endProcess(run, { ...plan, abandoned: this.#detached.signal })
    await this.#ended
  }

  async #take(number: number, run: Run): Promise<void> {
    await this.archive.setCurrent(number, run)
    const active: ActiveRun = new ActiveRun(number, run, this.#record, {
      ready: () => this.#onReady(active),
      faulty: () => this.#settle(),
      playersChanged: () => this.#changed(),
      activity: (activity) => this.#listener.activity(this, activity),
    })
    this.#active = active
    this.#listener.runBegan(this, number, run)
    this.#ended = new Promise((resolve) => {
      run.onExit((exit) => {
        this.#onExit(active, exit)
          .catch((error: unknown) => this.#log.error('The end of a run could not be dealt with', { error: String(error) }))
          .finally(resolve)
      })
    })
    this.#setStatus('starting')
    active.expectReady(this.#record.run?.is_ready ?? false)
  }

  #onReady({ number }: ActiveRun): void {
    if (this.#active?.number !== number) return
    // The line may be gone from the console when a later slave looks for it.
    if (!this.#record.run?.is_ready) void this.#keeper.note(({ run }) => (run?.number === number ? { run: { ...run, is_ready: true } } : {}))
    if (this.#status !== 'stopping') this.#setStatus('running')
  }

  async #onExit(active: ActiveRun, exit: RunExit): Promise<void> {
    if (this.#active !== active) return
    const { number, run } = active
    const wasStopped = active.isEnding && active.fault === undefined
    const lines = await lastLines(run)
    // What the game left behind goes with it: the next run must find its ports free.
    await run.kill().catch((error: unknown) => this.#log.warn('Processes of an ended run remain', { error: String(error) }))
    this.#release()
    await this.#keeper.note({ run: null, last_exit: lastExitOf(exit) })
    this.#listener.runEnded(this, number, exit)
    this.#log.info(`Run ${number} has ended: ${describeExit(exit)}`)
    if (wasStopped || this.#record.desired === 'stopped') this.#setStatus('stopped')
    else if (exit.reason === 'host_restarted' && this.assignment.restart_policy !== 'never') this.#setStatus('stopped')
    else await this.#followEnd(endError(exit, active, lines), active.fault === undefined && exit.code === 0)
    this.#settle()
  }

  /** A run ended, or did not begin, though it was wanted: the restart policy has the word. */
  async #followEnd(error: ClusterError, isClean: boolean): Promise<void> {
    const { assignment: { restart_policy: policy }, restarts, desired } = this.#record
    if (desired === 'stopped') return this.#setStatus('stopped')
    const verdict = decide({ policy, isClean, restarts, now: Date.now() }, this.#host.restart)
    if (verdict.kind === 'stopped') {
      // A game that ended in order was told to, perhaps on its own console: that is not undone.
      await this.#keeper.note({ desired: 'stopped' })
      this.#waiters.fail('running', error)
      this.#setStatus('stopped')
    } else if (verdict.kind === 'restart') {
      await this.#keeper.note({ restarts: verdict.restarts })
      this.#fail('crashed', error, ` It is started again in ${(verdict.delayMs / 1_000).toFixed(1)} s.`)
      this.#settleLater(verdict.delayMs)
    } else {
      await this.#keeper.note({ has_given_up: true })
      this.#fail('crashed', error, verdict.isGivenUp ? ' It crashed too often and is not started again by itself.' : '')
    }
  }

  #fail(status: 'crashed', error: ClusterError, then = ''): void {
    this.#problem = `${error.message}${then}`
    this.#log.warn(this.#problem)
    this.#waiters.fail('running', error)
    this.#setStatus(status)
  }

  async #adopt(number: number, phase: 'starting' | 'running' | 'stopping'): Promise<void> {
    const directory = this.directory.run(number)
    const options = { directory, consoleLimitBytes: runLimitBytes(this.assignment), onWarning: (text: string) => this.#log.warn(text) }
    const run = existsSync(directory) ? await Run.recover(options) : undefined
    if (!run) {
      // The game never began, and can't any more: its start is simply tried again.
      await this.directory.deleteRun(number)
      await this.#keeper.save({ run: null })
      return
    }
    if (run.exit) {
      const { at } = run.exit
      this.#log.warn(`Run ${number} has ended while no slave was here: ${describeExit(run.exit)}`, { at, lastLines: await lastLines(run) })
    } else {
      this.#log.info(`Run ${number} goes on (process ${run.pid})`)
    }
    if (phase === 'starting') await this.#keeper.note({ run: { number, phase: 'running' } })
    await this.#take(number, run)
    if (run.exit) await this.#ended
  }

  async #openLast(): Promise<void> {
    const number = (await this.directory.runs()).at(-1)
    if (number === undefined) return
    const run = await Run.recover({ directory: this.directory.run(number), consoleLimitBytes: runLimitBytes(this.assignment) })
    if (run) await this.archive.setCurrent(number, run)
  }

  #release(): void {
    this.#active?.close()
    this.#active = undefined
  }

  #cancelRestart(): void {
    clearTimeout(this.#restartTimer)
    this.#restartTimer = undefined
  }

  #setStatus(status: InstanceState['status']): void {
    this.#status = status
    if (status === 'running' || status === 'stopped') this.#problem = null
    this.#waiters.reached(status)
    this.#changed()
  }

  #changed(): void {
    if (!this.#detached.signal.aborted) this.#listener.changed(this)
  }
}
