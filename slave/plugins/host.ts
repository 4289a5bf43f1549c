import { ClusterError } from '../../lib/errors/cluster-error.ts'
import type { EventDefinition, RequestDefinition } from '../../lib/link/define.ts'
import type { Link } from '../../lib/link/link.ts'
import type { EventMessage, RequestMessage } from '../../lib/link/message.ts'
import { pluginFailed } from '../../lib/link/messages/plugins.ts'
import type { PluginOrder, PluginProblem } from '../../lib/link/messages/plugins.ts'
import { pluginOf } from '../../lib/link/registry.ts'
import type { Registry } from '../../lib/link/registry.ts'
import type { Logger } from '../../lib/log/logger.ts'
import { builtInPlugin, installedPackages, installedPlugins } from '../../lib/plugin/catalogue.ts'
import type { KnownPlugin } from '../../lib/plugin/catalogue.ts'
import { FailureLimit, messageOf } from '../../lib/plugin/failure-limit.ts'
import type { PluginFailure } from '../../lib/plugin/guard.ts'
import { HookTable } from '../../lib/plugin/hook-table.ts'
import type { SlaveHooks } from '../../lib/plugin/slave-context.ts'
import { watchUncaught } from '../../lib/plugin/uncaught.ts'
import { lastExitOf } from '../run/run-exit.ts'
import type { Instance, InstanceListener } from '../instance/instance.ts'
import type { Supervisor, SupervisorListener } from '../supervisor/supervisor.ts'
import { ConsoleTaps } from './console-taps.ts'
import type { LocalHost } from './contexts.ts'
import { localInstance } from './local-instance.ts'
import { LocalPlugin } from './local-plugin.ts'
import { PluginOrders } from './orders.ts'
import { packagesDirectory } from './packages-directory.ts'

export interface SlavePluginsOptions {
  readonly slave: { readonly id: number; readonly name: string }
  readonly dataDirectory: string
  readonly log: Logger
  /** The messages of the slave's link; those of plugins are added while they run. */
  readonly registry: Registry
}

/**
 * Runs plugins on a slave: those that the master names, and after a restart those that it named last. One that fails
 * is reported and, where that leaves it in doubt, stopped; games and the other plugins go on.
 */
export class SlavePlugins {
  readonly #options: SlavePluginsOptions
  readonly #orders: PluginOrders
  readonly #hooks = new HookTable<SlaveHooks>()
  readonly #taps: ConsoleTaps
  readonly #running = new Map<string, { readonly plugin: LocalPlugin; stop(): Promise<void> }>()
  /** Orders that ended in a failure for which the plugin was stopped: it is not started again by a master that merely comes back. */
  readonly #fallen = new Map<string, string>()
  /** Why those don't run that should: what their requests are answered with. */
  readonly #absences = new Map<string, string>()
  readonly #limit = new FailureLimit()
  readonly #changed = new Set<Instance>()
  #supervisor: Supervisor | undefined
  #link: () => Link | undefined = () => undefined
  /** Orders are carried out one after the other. */
  #work: Promise<unknown> = Promise.resolve()
  #isClosed = false

  constructor(options: SlavePluginsOptions) {
    this.#options = options
    this.#orders = new PluginOrders(options.dataDirectory, options.log)
    this.#taps = new ConsoleTaps(() => this.#instances())
    options.registry.explainPlugins((plugin) => this.#absences.get(plugin))
  }

  /** Starts what ran before; the master need not be there. */
  recover(supervisor: Supervisor, link: () => Link | undefined): void {
    this.#supervisor = supervisor
    this.#link = link
    this.#work = this.#orders.read().then((orders) => this.#carryOut(orders))
  }

  /** Runs these plugins and no others, and gives why some don't. */
  async set(orders: readonly PluginOrder[]): Promise<{ problems: PluginProblem[] }> {
    const outcome = this.#work.then(async () => {
      await this.#orders.write(orders)
      return { problems: await this.#carryOut(orders) }
    })
    this.#work = outcome.catch(() => {})
    return outcome
  }

  /** Answers a request of a plugin's own. Throws `unknown_type`, `not_found`, and what the plugin says. */
  async answer(definition: RequestDefinition, request: Pick<RequestMessage, 'to' | 'data'>): Promise<unknown> {
    const running = this.#running.get(pluginOf(definition.type))
    if (!running) throw new ClusterError('unknown_type', `Nothing here answers ${definition.type}`)
    return running.plugin.answer(definition, request)
  }

  accept(definition: EventDefinition, event: EventMessage): void {
    this.#running.get(pluginOf(definition.type))?.plugin.accept(definition, event)
  }

  /** A new conversation with the master has begun. */
  connected(): void {
    this.#hooks.emit('master_connected', {})
  }

  /** Stops all plugins. */
  async close(): Promise<void> {
    this.#hooks.emit('shutdown', {})
    // What is still being started is stopped once it has.
    this.#isClosed = true
    for (const name of [...this.#running.keys()].toReversed()) await this.#running.get(name)?.stop()
  }

  /** What a supervisor tells: first to `first`, then to the plugins. */
  after(first: InstanceListener): SupervisorListener {
    return {
      added: (instance) => {
        this.#tell('instance_added', () => ({ instance: localInstance(instance) }))
        for (const { plugin } of this.#running.values()) void plugin.add(instance)
      },
      removed: (instanceId) => {
        this.#tell('instance_removed', () => ({ instanceId }))
        for (const { plugin } of this.#running.values()) plugin.remove(instanceId).catch((error: unknown) => this.#failed({ plugin: plugin.order.name, where: 'stop', error, isFatal: false }))
      },
      changed: (instance) => {
        first.changed(instance)
        this.#noteChange(instance)
      },
      activity: (instance, activity) => {
        first.activity(instance, activity)
        const { kind, player, text = '' } = activity
        if (kind === 'chat') this.#tell('chat', () => ({ instance: localInstance(instance), player, text }))
        else this.#tell(kind === 'join' ? 'player_joined' : 'player_left', () => ({ instance: localInstance(instance), player }))
      },
      runBegan: (instance, number, run) => {
        first.runBegan(instance, number, run)
        this.#tell('run_started', () => ({ instance: localInstance(instance), run: number }))
        this.#taps.runBegan(instance)
      },
      runEnded: (instance, number, exit) => {
        first.runEnded(instance, number, exit)
        this.#taps.runEnded(instance)
        this.#tell('run_ended', () => ({ instance: localInstance(instance), run: number, exit: lastExitOf(exit) }))
      },
    }
  }

  /** Without plugins an event is not even made. */
  #tell<H extends keyof SlaveHooks>(hook: H, make: () => SlaveHooks[H]): void {
    if (this.#running.size > 0) this.#hooks.emit(hook, make())
  }

  #instances(): readonly Instance[] {
    return this.#supervisor?.list() ?? []
  }

  // Several changes of one turn are told once, as they are at its end.
  #noteChange(instance: Instance): void {
    if (this.#running.size === 0) return
    if (this.#changed.size === 0) queueMicrotask(() => {
      for (const one of this.#changed) this.#hooks.emit('instance_changed', { instance: localInstance(one) })
      this.#changed.clear()
    })
    this.#changed.add(instance)
  }

  async #carryOut(orders: readonly PluginOrder[]): Promise<PluginProblem[]> {
    const wanted = new Map(orders.map((order) => [order.name, order]))
    for (const [name, { plugin, stop }] of this.#running) if (!isSame(wanted.get(name), plugin.order)) await stop()
    const problems = await Promise.all(orders.filter(({ name }) => !this.#running.has(name) && !this.#isClosed).map((order) => this.#start(order)))
    return problems.flatMap((problem) => problem ?? [])
  }

  async #start(order: PluginOrder): Promise<PluginProblem | undefined> {
    const { log, registry, slave } = this.#options
    const { name } = order
    if (this.#fallen.get(name) === JSON.stringify(order)) return undefined
    this.#absences.delete(name)
    let known: KnownPlugin | undefined
    try {
      known = await this.#find(order)
      if (known.plugin.version !== order.version) log.warn(`The plugin ${name} is ${known.plugin.version} here and ${order.version} at the master; they may not understand each other`)
      const plugin = new LocalPlugin(known, order, this.#host(), () => {
        this.#fallen.set(name, JSON.stringify(order))
        this.#absences.set(name, `The plugin ${name} was stopped on slave ${slave.name} after an error; see \`ctl plugin list\``)
        void this.#running.get(name)?.stop()
      })
      watchUncaught(plugin.guard)
      const undo = (known.plugin.messages ?? []).map((definition) => registry.add(definition))
      const stop = async (): Promise<void> => {
        if (!this.#running.delete(name)) return
        for (const step of undo) step()
        await plugin.stop()
      }
      this.#running.set(name, { plugin, stop })
      await plugin.start().catch(async (error: unknown) => {
        await stop()
        throw error
      })
      if (this.#isClosed) await stop()
      else if (this.#running.has(name)) log.info(`Plugin ${name} ${known.plugin.version} runs`)
      return undefined
    } catch (error) {
      const message = messageOf(error)
      this.#absences.set(name, known ? `The plugin ${name} could not be started on slave ${slave.name}: ${message}` : message)
      log.error(`Plugin ${name} could not be started: ${message}`)
      return { name, message }
    }
  }

  /** Throws `not_found` for a plugin that is not here. */
  async #find({ name, source }: PluginOrder): Promise<KnownPlugin> {
    if (source === 'built-in') {
      const known = await builtInPlugin(name)
      if (known) return known
      throw new ClusterError('not_found', `Corral has no plugin ${name} on slave ${this.#options.slave.name}; upgrade it there`)
    }
    const directory = packagesDirectory(this.#options.dataDirectory)
    const problems: ClusterError[] = []
    const packages = Object.keys(await installedPackages(directory)).filter((one) => one === source)
    const [known] = await installedPlugins(directory, packages, (problem) => problems.push(problem))
    if (known?.plugin.name === name) return known
    throw problems[0] ?? new ClusterError('not_found', `The plugin ${name} is not installed on slave ${this.#options.slave.name}; install the same package there with \`slave plugin install\`, then start the slave again`)
  }

  #host(): LocalHost {
    const { slave, dataDirectory, log } = this.#options
    return {
      slave, dataDirectory, log,
      hooks: this.#hooks,
      taps: this.#taps,
      link: () => this.#link(),
      instances: () => this.#instances(),
      require: (instanceId: number) => {
        if (!this.#supervisor) throw new ClusterError('not_found', 'The slave has no instances yet')
        return this.#supervisor.require(instanceId)
      },
      failed: (failure: PluginFailure) => this.#failed(failure),
    }
  }

  #failed({ plugin, where, error, isFatal }: PluginFailure): void {
    if (!this.#limit.allows(plugin, where)) return
    const { log } = this.#options
    log.error(`Plugin ${plugin} failed at ${where}`, { plugin, error: error instanceof Error ? error.stack ?? error.message : String(error) })
    if (isFatal) log.error(`Plugin ${plugin} is stopped there, for nobody can tell what its failure left behind; it starts again with the slave`)
    this.#link()?.emit(pluginFailed, { name: plugin, where: where.slice(0, 200), message: messageOf(error).slice(0, 2_000), is_stopped: isFatal })
  }
}

function isSame(a: PluginOrder | undefined, b: PluginOrder): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
