import { ClusterError } from '../../lib/errors/cluster-error.ts'
import type { InstanceState, WholeAssignment } from '../../lib/link/messages/instances.ts'
import { sayCommand } from '../../lib/template/render.ts'
import { ConsoleArchive } from '../console/archive.ts'
import type { RunExit } from '../run/run-exit.ts'
import type { Run } from '../run/run.ts'
import type { Completed, Given } from '../template/complete-assignment.ts'
import type { ActiveRun } from './active-run.ts'
import { ActualState } from './actual-state.ts'
import { askGame, Asks, saveGame } from './ask-game.ts'
import type { Host } from './host.ts'
import { checkLaunch, chosenPorts } from './launch-game.ts'
import { Lifecycle } from './lifecycle.ts'
import type { DeletedDirectory } from './deleted-directory.ts'
import type { InstanceDirectory, InstanceRecord } from './record.ts'
import { RecordKeeper } from './record-keeper.ts'
import type { PlayerActivity } from './run-watch.ts'

/** Told of what happens to an instance. */
export interface InstanceListener {
  changed(instance: Instance): void
  activity(instance: Instance, activity: PlayerActivity): void
  runBegan(instance: Instance, number: number, run: Run): void
  runEnded(instance: Instance, number: number, exit: RunExit): void
}

/** One instance on its slave: what is wanted of it is on disk before it is acted upon. */
export class Instance {
  readonly directory: InstanceDirectory
  readonly archive: ConsoleArchive
  readonly #host: Host
  readonly #listener: InstanceListener
  readonly #keeper: RecordKeeper
  readonly #actual: ActualState
  readonly #lifecycle: Lifecycle
  readonly #asks = new Asks()
  #isRemoving = false

  constructor(directory: InstanceDirectory, record: InstanceRecord, host: Host, listener: InstanceListener) {
    const log = host.log.child({ instance: record.assignment.name })
    this.directory = directory
    this.archive = new ConsoleArchive(directory)
    this.#host = host
    this.#listener = listener
    this.#keeper = new RecordKeeper(directory, record, log)
    this.#actual = new ActualState(log, () => this.#changed())
    this.#lifecycle = new Lifecycle({
      directory, host, log,
      archive: this.archive,
      keeper: this.#keeper,
      actual: this.#actual,
      owner: {
        changed: () => this.#changed(),
        activity: (activity) => listener.activity(this, activity),
        runBegan: (number, run) => listener.runBegan(this, number, run),
        runEnded: (number, exit) => listener.runEnded(this, number, exit),
      },
    })
    host.ports.claim(record.assignment, record.ports)
  }

  get #record(): InstanceRecord {
    return this.#keeper.record
  }

  get id(): number {
    return this.#record.assignment.id
  }

  get assignment(): WholeAssignment {
    return this.#record.assignment
  }

  /** The assignment as the master gave it: it may leave the template to the slave. */
  get given(): Given {
    const { assignment, given, serialized } = this.#record
    return { instance: given ?? assignment, ...(serialized ? { serialized } : {}) }
  }

  /** The run that goes on, if any. */
  get activeRun(): { number: number; run: Run } | undefined {
    return this.#lifecycle.active
  }

  get state(): InstanceState {
    const { desired, ports, last_exit: lastExit, last_run: lastRun, unusable = null } = this.#record
    const active = this.#lifecycle.active
    return {
      desired,
      status: this.#actual.status,
      run: lastRun || null,
      pid: active?.run.pid ?? null,
      ports: { ...ports },
      started_at: active?.run.startedAt ?? null,
      players: active?.players ?? [],
      last_exit: lastExit,
      problem: this.#actual.problem ?? unusable,
    }
  }

  /**
   * Goes on with what is on disk: adopts the run that goes on, learns how one ended meanwhile, starts what should run.
   * What can't be found out is tried again; the state says so, and nothing is started until then.
   */
  async recover(): Promise<void> {
    await this.#lifecycle.recover()
  }

  /** Takes a new configuration; it holds from the next start. Throws `port_taken`, `no_free_port`, `disk_full`. */
  async assign(completed: Completed): Promise<void> {
    const { assignment } = completed
    this.#expectNotRemoving()
    const ports = await this.#host.ports.allocate(assignment, assignment.template.ports ?? {}, assignment.ports, chosenPorts(this.#record))
    await this.#keeper.save(({ run, ports: before, assignment: { ports: setBefore }, set_ports: set = setBefore }) => {
      if (!run) return { ...completed, ports, set_ports: assignment.ports }
      // A game that runs, or may, has its ports until it ends, whatever it gets next.
      this.#host.ports.claim(assignment, before)
      return { ...completed, ports: before, set_ports: set }
    })
    this.#changed()
  }

  /**
   * Wants it running. Throws `invalid_config`, `program_missing`, `port_taken`, and `store_failed` while nobody can tell
   * whether it runs already; with `wait` also `start_failed` and what else prevents it.
   */
  async start(wait: boolean): Promise<InstanceState['status']> {
    this.#expectNotDraining()
    await this.#lifecycle.takeUp()
    if (!this.#lifecycle.active && this.#actual.status !== 'starting') await checkLaunch(this.#record, this.#host)
    this.#expectNotRemoving()
    await this.#keeper.save({ desired: 'running', restarts: [], has_given_up: false })
    return this.#pursue('running', wait)
  }

  /** Wants it stopped. */
  async stop(wait: boolean): Promise<InstanceState['status']> {
    await this.#keeper.save({ desired: 'stopped', has_given_up: false })
    this.#lifecycle.isRestartWanted = false
    return this.#pursue('stopped', wait)
  }

  /** Ends the run that goes on, if any, and begins another. */
  async restart(wait: boolean): Promise<InstanceState['status']> {
    this.#expectNotRemoving()
    this.#expectNotDraining()
    if (!this.#lifecycle.active) return this.start(wait)
    await this.#keeper.save({ desired: 'running', restarts: [], has_given_up: false })
    this.#lifecycle.isRestartWanted = true
    return this.#pursue('running', wait)
  }

  /** Kills its processes at once; it stays stopped. */
  async kill(): Promise<InstanceState['status']> {
    await this.#keeper.save({ desired: 'stopped', has_given_up: false })
    this.#lifecycle.isRestartWanted = false
    this.#lifecycle.isKillWanted = true
    await this.#lifecycle.active?.run.kill()
    return this.#pursue('stopped', true)
  }

  /** Sends a line to the game's console. Throws `wrong_state`, `console_unavailable`. */
  async send(line: string): Promise<void> {
    await this.#expectActive().console.send(line)
  }

  /** Sends a line and gives what the game prints in answer, within the template's window. Throws as `send` does. */
  async ask(line: string): Promise<string> {
    this.#expectActive()
    return this.#asks.take(async () => askGame(this.#expectActive(), line, this.assignment.template))
  }

  /**
   * Makes the game's save: a game that runs saves its world, for one that is stopped what it starts from is made. Throws
   * `wrong_state`, `console_unavailable`, `deadline`, and what prevents the preparation.
   */
  async save(): Promise<void> {
    await this.#lifecycle.takeUp()
    this.#expectNotRemoving()
    if (this.#lifecycle.active) return saveGame(this.#lifecycle.active, this.assignment.template)
    if (this.#record.desired === 'running') throw new ClusterError('wrong_state', `The instance is ${this.#actual.status} and about to start; save it when it runs, or stop it first`)
    await this.#lifecycle.preparation.run()
  }

  /**
   * Stops it and deletes all that it has on disk. From when it is on record that it is deleted, it is not there any more,
   * even if this slave ends; before that, a failure leaves it as it is. Throws `store_failed`.
   */
  async remove(): Promise<void> {
    this.#isRemoving = true
    let deleted: DeletedDirectory
    try {
      await this.stop(true)
      await this.#lifecycle.preparation.over()
      await this.#keeper.settled()
      deleted = await this.directory.delete()
    } catch (error) {
      this.#isRemoving = false
      throw error
    }
    await this.#lifecycle.detach()
    await this.archive.close()
    await this.#keeper.settled()
    this.#host.ports.release(this.id)
    await deleted.clear(this.#host.log)
  }

  /** Ends its run, without a change to what is wanted: the next slave starts it again. */
  async suspend(): Promise<void> {
    await this.#lifecycle.suspend()
  }

  /** Lets go of the game, which goes on by itself. */
  async detach(): Promise<void> {
    const stopping = new ClusterError('shutting_down', 'The slave is stopping; the game goes on')
    for (const want of ['running', 'stopped'] as const) this.#actual.waiters.fail(want, stopping)
    await this.#lifecycle.detach()
    await this.archive.close()
    await this.#keeper.settled()
  }

  /** Tells the players something, where the game's console can. */
  async announce(text: string): Promise<void> {
    const command = sayCommand(this.assignment.template, text)
    if (command !== undefined) await this.#lifecycle.active?.console.send(command)
  }

  /** Ends its run because the slave is drained. What is wanted of it stays, and is done when draining ends. */
  evict(): void {
    this.#lifecycle.isEvicted = true
    this.#lifecycle.settle()
  }

  /** The slave is drained: what has not begun doesn't. */
  holdBack(): void {
    this.#lifecycle.holdBack()
  }

  /** The slave is not drained any more. */
  release(): void {
    this.#lifecycle.isEvicted = false
    this.#lifecycle.settle()
  }

  #expectActive(): ActiveRun {
    const { active } = this.#lifecycle
    if (!active) throw new ClusterError('wrong_state', `The instance is ${this.#actual.status}; start it first`)
    return active
  }

  #expectNotDraining(): void {
    if (this.#host.isDraining()) throw new ClusterError('wrong_state', 'The slave is being drained and starts no instances; end that with `ctl slave drain SLAVE --off`')
  }

  #expectNotRemoving(): void {
    if (this.#isRemoving) throw new ClusterError('wrong_state', `The instance ${this.assignment.name} is being deleted`)
  }

  #pursue(want: 'running' | 'stopped', wait: boolean): Promise<InstanceState['status']> {
    // One may have been set while what is wanted was written down.
    this.#lifecycle.cancelRestart()
    if (want === 'stopped') {
      this.#lifecycle.abortBeginning()
      this.#actual.waiters.fail('running', new ClusterError('wrong_state', 'The instance was told to stop before it was running'))
    }
    const reached = wait ? this.#actual.waiters.wait(want) : undefined
    this.#lifecycle.settle()
    this.#changed()
    return reached ?? Promise.resolve(this.#actual.status)
  }

  #changed(): void {
    if (!this.#lifecycle.isDetached) this.#listener.changed(this)
  }
}
