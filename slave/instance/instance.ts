import { existsSync } from 'node:fs'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import type { Assignment, InstanceState } from '../../lib/link/messages/instances.ts'
import type { Logger } from '../../lib/log/logger.ts'
import { LineMatcher } from '../../lib/template/line-matcher.ts'
import type { Template } from '../../lib/template/schema.ts'
import { ConsoleArchive } from '../console/archive.ts'
import { endProcess } from '../run/end-process.ts'
import type { EndPlan } from '../run/end-process.ts'
import type { RunExit } from '../run/run-exit.ts'
import { describeExit, lastExitOf } from '../run/run-exit.ts'
import { Run } from '../run/run.ts'
import { openConsole } from './game-console.ts'
import type { GameConsole } from './game-console.ts'
import type { Host } from './host.ts'
import { checkLaunch, launchGame } from './launch-game.ts'
import type { InstanceDirectory, InstanceRecord } from './record.ts'
import { decide } from './restart-policy.ts'
import { RunWatch } from './run-watch.ts'
import type { PlayerActivity } from './run-watch.ts'
import { StateWaiters } from './state-waiters.ts'

/** Told of what happens to an instance. */
export interface InstanceListener {
  changed(instance: Instance): void
  activity(instance: Instance, activity: PlayerActivity): void
  runBegan(instance: Instance, number: number, run: Run): void
  runEnded(instance: Instance, number: number, exit: RunExit): void
}

interface ActiveRun {
  readonly number: number
  readonly run: Run
  readonly watch: RunWatch
  readonly console: GameConsole
  isReady: boolean
  readyTimer?: NodeJS.Timeout
  /** Why it is being ended, when that is for a fault of its own. */
  fault?: string
}

const lastLinesShown = 10
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
  readonly #waiters = new StateWaiters()
  #record: InstanceRecord
  #status: InstanceState['status'] = 'stopped'
  #problem: string | null = null
  #active: ActiveRun | undefined
  /** Settles when the end of the newest run is on record. */
  #ended: Promise<void> = Promise.resolve()
  #restartTimer: NodeJS.Timeout | undefined
  #isRestartWanted = false
  #isDetached = false
  #isSuspended = false
  #saving: Promise<unknown> = Promise.resolve()
  #settling: Promise<void> | undefined
  #isUnsettled = false

  constructor(directory: InstanceDirectory, record: InstanceRecord, host: Host, listener: InstanceListener) {
    this.directory = directory
    this.archive = new ConsoleArchive(directory)
    this.#record = record
    this.#host = host
    this.#listener = listener
    this.#log = host.log.child({ instance: record.assignment.name })
    host.ports.claim(record.assignment.id, record.ports)
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
      players: this.#active?.watch.players ?? [],
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
    const ports = await this.#host.ports.allocate(assignment.id, assignment.template.ports ?? {}, assignment.ports, this.#record.ports)
    await this.#save({ assignment, ports: this.#active ? this.#record.ports : ports })
    this.#changed()
  }

  /** Wants it running. Throws `program_missing`, `port_taken`; with `wait` also `start_failed` and what else prevents it. */
  async start(wait: boolean): Promise<InstanceState['status']> {
    if (this.#host.isDraining()) throw new ClusterError('wrong_state', 'The slave is being drained and starts no instances')
    if (!this.#active && this.#status !== 'starting') await checkLaunch(this.#record, this.#host)
    this.#cancelRestart()
    await this.#save({ desired: 'running', restarts: [], has_given_up: false })
    return this.#pursue('running', wait)
  }

  /** Wants it stopped. */
  async stop(wait: boolean): Promise<InstanceState['status']> {
    this.#cancelRestart()
    await this.#save({ desired: 'stopped', has_given_up: false })
    return this.#pursue('stopped', wait)
  }

  /** Ends the run that goes on, if any, and begins another. */
  async restart(wait: boolean): Promise<InstanceState['status']> {
    if (!this.#active) return this.start(wait)
    this.#isRestartWanted = true
    await this.#save({ desired: 'running', restarts: [], has_given_up: false })
    return this.#pursue('running', wait)
  }

  /** Kills its processes at once; it stays stopped. */
  async kill(): Promise<InstanceState['status']> {
    this.#cancelRestart()
    await this.#save({ desired: 'stopped', has_given_up: false })
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
    await this.stop(true)
    this.#isDetached = true
    await this.archive.close()
    await this.#saving
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
    this.#isDetached = true
    this.#cancelRestart()
    this.#release()
    const stopping = new ClusterError('shutting_down', 'The slave is stopping; the game goes on')
    for (const want of ['running', 'stopped'] as const) this.#waiters.fail(want, stopping)
    await this.archive.close()
    await this.#saving
  }

  #pursue(want: 'running' | 'stopped', wait: boolean): Promise<InstanceState['status']> {
    const reached = wait ? this.#waiters.wait(want) : undefined
    this.#settle()
    this.#changed()
    return reached ?? Promise.resolve(this.#status)
  }

  // One loop at a time; whoever finds it at work makes it look once more.
  #settle(): void {
    this.#isUnsettled = true
    this.#settling ??= this.#settleAll().finally(() => { this.#settling = undefined })
  }

  async #settleAll(): Promise<void> {
    while (this.#isUnsettled && !this.#isDetached && !this.#isSuspended) {
      this.#isUnsettled = false
      try {
        await this.#step()
      } catch (error) {
        // A full disk, say: what is wanted stays wanted, so it is tried again.
        this.#fail('crashed', ClusterError.from(error))
        this.#settleLater(retryMs)
      }
    }
    // Who waits for what is there already need not wait.
    this.#waiters.reached(this.#status)
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
    if (active && (!isWanted || this.#isRestartWanted || active.fault !== undefined)) await this.#end(active)
    else if (!active && isWanted && !this.#restartTimer && !this.#record.has_given_up) await this.#begin()
    else if (!active && !isWanted) this.#setStatus('stopped')
  }

  async #begin(): Promise<void> {
    this.#isRestartWanted = false
    this.#problem = null
    this.#setStatus('starting')
    const number = this.#record.last_run + 1
    const { assignment } = this.#record
    const ports = await this.#host.ports.allocate(assignment.id, assignment.template.ports ?? {}, assignment.ports, this.#record.ports)
    await this.#save({ last_run: number, ports, run: { number, phase: 'starting' } })
    let run: Run
    try {
      run = await launchGame(number, this.#record, this.directory, this.#host, (text) => this.#log.warn(text))
    } catch (error) {
      await this.#note({ run: null })
      await this.#followEnd(ClusterError.from(error), false)
      return
    }
    await this.#save({ run: { number, phase: 'running' } })
    await this.#take(number, run)
    await this.archive.prune(this.#host.keptRuns)
  }

  async #end({ number, run, console }: ActiveRun): Promise<void> {
    const { template } = this.#record.assignment
    this.#setStatus('stopping')
    await this.#save({ run: { number, phase: 'stopping' } })
    const { stop } = template
    await endProcess(run, endPlan(stop, console))
    await this.#ended
  }

  async #take(number: number, run: Run): Promise<void> {
    const { assignment, ports } = this.#record
    await this.archive.setCurrent(number, run)
    const matcher = new LineMatcher(assignment.template)
    const active: ActiveRun = {
      number, run,
      isReady: false,
      console: openConsole(assignment, ports, run),
      watch: new RunWatch(run.output, matcher, {
        ready: () => this.#onReady(number),
        failed: (line) => this.#onFailed(number, line),
        playersChanged: () => this.#changed(),
        activity: (activity) => this.#listener.activity(this, activity),
      }),
    }
    this.#active = active
    this.#listener.runBegan(this, number, run)
    this.#ended = new Promise((resolve) => {
      run.onExit((exit) => {
        this.#onExit(active, exit)
          .catch((error: unknown) => this.#log.error('The end of a run could not be dealt with', { error: String(error) }))
          .finally(resolve)
      })
    })
    this.#expectReady(active)
  }

  #expectReady(active: ActiveRun): void {
    const { ready } = this.#record.assignment.template
    if (!ready) return this.#onReady(active.number)
    const { deadline_ms: deadlineMs } = ready
    this.#setStatus('starting')
    active.readyTimer = setTimeout(() => {
      active.fault = `it did not print its ready line within ${deadlineMs / 1_000} s`
      this.#settle()
    }, deadlineMs)
  }

  #onReady(number: number): void {
    const active = this.#active
    if (active?.number !== number || active.isReady) return
    active.isReady = true
    clearTimeout(active.readyTimer)
    if (this.#status !== 'stopping') this.#setStatus('running')
  }

  /** A game that says that it could not start, and goes on running. */
  #onFailed(number: number, line: string): void {
    const active = this.#active
    if (active?.number !== number || active.isReady) return
    active.fault = `it says: ${line}`
    this.#settle()
  }

  async #onExit(active: ActiveRun, exit: RunExit): Promise<void> {
    if (this.#active !== active) return
    const { number, run } = active
    const wasStopped = this.#record.run?.phase === 'stopping' && active.fault === undefined
    const lines = await lastLines(run)
    // What the game left behind goes with it: the next run must find its ports free.
    await run.kill().catch((error: unknown) => this.#log.warn('Processes of an ended run remain', { error: String(error) }))
    this.#release()
    await this.#note({ run: null, last_exit: lastExitOf(exit) })
    this.#listener.runEnded(this, number, exit)
    this.#log.info(`Run ${number} has ended: ${describeExit(exit)}`)
    if (wasStopped || this.#record.desired === 'stopped') this.#setStatus('stopped')
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
      await this.#note({ desired: 'stopped' })
      this.#waiters.fail('running', error)
      this.#setStatus('stopped')
    } else if (verdict.kind === 'restart') {
      await this.#note({ restarts: verdict.restarts })
      this.#fail('crashed', error, ` It is started again in ${(verdict.delayMs / 1_000).toFixed(1)} s.`)
      this.#settleLater(verdict.delayMs)
    } else {
      await this.#note({ has_given_up: true })
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
    const options = { directory, consoleLimitBytes: this.assignment.console_limit_bytes, onWarning: (text: string) => this.#log.warn(text) }
    const run = existsSync(directory) ? await Run.recover(options) : undefined
    if (!run) {
      // The game never began, and can't any more: its start is simply tried again.
      await this.directory.deleteRun(number)
      await this.#save({ run: null })
      return
    }
    this.#log.info(run.exit ? `Run ${number} has ended while no slave was here` : `Run ${number} goes on (process ${run.pid})`)
    if (phase === 'starting') await this.#save({ run: { number, phase: 'running' } })
    await this.#take(number, run)
    if (run.exit) await this.#ended
  }

  async #openLast(): Promise<void> {
    const number = (await this.directory.runs()).at(-1)
    if (number === undefined) return
    const run = await Run.recover({ directory: this.directory.run(number), consoleLimitBytes: this.assignment.console_limit_bytes })
    if (run) await this.archive.setCurrent(number, run)
  }

  #release(): void {
    const active = this.#active
    this.#active = undefined
    clearTimeout(active?.readyTimer)
    active?.watch.close()
    active?.console.close()
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
    if (!this.#isDetached) this.#listener.changed(this)
  }

  // One after the other, and memory follows the disk: what is read here has been written.
  #save(change: Partial<InstanceRecord>): Promise<void> {
    const saved = this.#saving.then(async () => {
      const record = { ...this.#record, ...change }
      await this.directory.write(record)
      this.#record = record
    })
    this.#saving = saved.catch(() => {})
    return saved
  }

  /** Like `#save` for what has happened anyway: a disk that is full changes nothing about it, and a restart finds it out again. */
  async #note(change: Partial<InstanceRecord>): Promise<void> {
    try {
      await this.#save(change)
    } catch (error) {
      this.#record = { ...this.#record, ...change }
      this.#log.error('What happened to the instance could not be written down', { error: String(error) })
    }
  }
}

/** How a template wants its game to be ended. */
function endPlan(stop: Template['stop'], console: GameConsole): EndPlan {
  const { command, signal } = stop
  const ask = command === undefined ? signal : () => console.send(command)
  return { ask, askGraceMs: stop.grace_ms, terminateGraceMs: stop.term_grace_ms }
}

function endError(exit: RunExit, { fault, isReady }: ActiveRun, lines: string): ClusterError {
  const how = fault ?? `it ended with ${describeExit(exit)}`
  const when = isReady ? 'The game stopped' : 'The game did not start'
  return new ClusterError('start_failed', `${when}: ${how}.${lines ? ` Its last lines:\n${lines}` : ' It printed nothing.'}`, {
    details: { exit: lastExitOf(exit) },
  })
}

async function lastLines({ output }: Run): Promise<string> {
  const from = await output.tailOffset(lastLinesShown)
  const { bytes } = await output.read(from, 8_192)
  return Buffer.from(bytes).toString('utf8').trimEnd()
}
