import { Counter } from 'prom-client'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import type { PluginInfo } from '../../lib/link/messages/plugins.ts'
import { withDeadline } from '../../lib/net/with-deadline.ts'
import type { KnownPlugin } from '../../lib/plugin/catalogue.ts'
import type { Plugin } from '../../lib/plugin/definition.ts'
import { PluginGuard } from '../../lib/plugin/guard.ts'
import type { PluginFailure } from '../../lib/plugin/guard.ts'
import { watchUncaught } from '../../lib/plugin/uncaught.ts'
import { UndoList } from '../../lib/plugin/undo.ts'
import { ConsoleLines } from './console-lines.ts'
import { masterContext } from './context.ts'
import { PluginFailures } from './failures.ts'
import type { HostOptions, PluginHostParts } from './parts.ts'
import { recordStarted } from './started.ts'

const startDeadlineMs = 30_000

/** Runs the plugins of a master. One that fails is reported and, where that leaves it in doubt, undone; the others and the master go on. */
export class PluginHost {
  readonly #parts: PluginHostParts
  readonly #known: readonly KnownPlugin[]
  readonly #failures: PluginFailures
  readonly #running = new Map<string, UndoList>()

  constructor(options: HostOptions, known: readonly KnownPlugin[]) {
    const { cluster, dataDirectory, metrics } = options
    this.#parts = { ...options, lines: new ConsoleLines(cluster) }
    this.#known = known
    this.#failures = new PluginFailures(dataDirectory, cluster.log)
    for (const { plugin: { webSocketPaths = [] } } of known) options.upgrades.reserve(webSocketPaths)
    options.registry.explainPlugins((plugin) => this.#absenceOf(plugin))
    const failures = this.#failures
    new Counter({
      name: 'corral_plugin_failures_total', help: 'What went wrong inside plugins, by plugin; on slaves too', labelNames: ['plugin'], registers: [metrics],
      collect() {
        this.reset()
        for (const { plugin: { name } } of known) this.inc({ plugin: name }, failures.countOf(name))
      },
    })
  }

  list(): PluginInfo[] {
    return this.#known.map((known) => this.#info(known))
  }

  /** Starts all plugins that are enabled; then slaves are told which have parts for them. */
  async startAll(): Promise<void> {
    const { cluster: { log, pluginLink }, dataDirectory } = this.#parts
    const enabled = this.#known.filter(({ plugin }) => this.#isEnabled(plugin))
    await recordStarted(dataDirectory, { atMs: Date.now(), versions: new Map(enabled.map(({ plugin: { name, version } }) => [name, version])) })
      .catch((error: unknown) => log.warn('Which plugins run could not be put on record', { error: String(error) }))
    for (const known of enabled) await this.start(known)
    pluginLink.open((plugin, slaveId, where, message) => {
      if (this.#known.some(({ plugin: { name } }) => name === plugin)) this.#failures.noteOnSlave(plugin, slaveId, where, message)
    })
  }

  /** Starts a plugin; false when it failed, which is in the log then. */
  async start({ plugin, source, paths = [] }: KnownPlugin): Promise<boolean> {
    const { cluster: { log, pluginLink }, registry } = this.#parts
    const { name, version, messages = [], master } = plugin
    const undo = new UndoList()
    const guard = new PluginGuard({ plugin: name, paths, onFailure: (failure) => this.#failed(failure) })
    this.#running.set(name, undo)
    watchUncaught(guard)
    try {
      for (const definition of messages) undo.add(registry.add(definition))
      const context = masterContext(plugin, guard, undo, this.#parts)
      await withDeadline(guard.run(async () => master?.(context)), startDeadlineMs, () => new ClusterError('deadline', `it was not ready within ${startDeadlineMs / 1_000} s`))
      this.#expectAnswers(plugin)
      if (plugin.slave || plugin.instance) undo.add(pluginLink.order({ name, version, source, config: this.#configForSlaves(plugin) }))
      if (this.#running.get(name) !== undo) return false
      log.info(`Plugin ${name} ${version} runs`)
      return true
    } catch (error) {
      this.#failures.note({ plugin: name, where: 'start', error })
      await this.stop(name)
      return false
    }
  }

  /** Undoes all that a plugin has registered, last first. */
  async stop(name: string): Promise<void> {
    const undo = this.#running.get(name)
    this.#running.delete(name)
    await undo?.run((error) => this.#parts.cluster.log.error(`Plugin ${name} could not be stopped cleanly: ${String(error)}`))
  }

  async stopAll(): Promise<void> {
    this.#parts.cluster.pluginLink.close()
    for (const name of [...this.#running.keys()].toReversed()) await this.stop(name)
    await this.#failures.settled()
  }

  #failed(failure: PluginFailure): void {
    const { plugin, isFatal } = failure
    this.#failures.note(failure)
    if (!isFatal || !this.#running.has(plugin)) return
    this.#parts.cluster.log.error(`Plugin ${plugin} is stopped, for nobody can tell what its failure left behind; it starts again with the master, unless you disable it with \`master plugin disable ${plugin}\``)
    void this.stop(plugin)
  }

  /** Why a plugin that is known has no messages. */
  #absenceOf(name: string): string | undefined {
    const known = this.#known.find(({ plugin }) => plugin.name === name)
    if (!known || this.#running.has(name)) return undefined
    if (!this.#isEnabled(known.plugin)) return `The plugin ${name} is not enabled; see \`master plugin enable\``
    // One that has not failed is still to be started.
    return this.#failures.lastOf(name) === null ? undefined : `The plugin ${name} was stopped after an error; see \`ctl plugin list\``
  }

  #isEnabled({ name }: Plugin): boolean {
    return this.#parts.config.values[`${name}.enabled`] === true
  }

  #expectAnswers({ messages = [] }: Plugin): void {
    const { dispatcher, cluster: { pluginLink } } = this.#parts
    const unanswered = messages.filter((definition) => definition.kind === 'request' && (
      (definition.routes.includes('control-master') && definition.forward === undefined && !dispatcher.handlers.has(definition.type))
      || (definition.routes.includes('slave-master') && !pluginLink.requests.has(definition.type))
    ))
    if (unanswered.length > 0) throw new ClusterError('internal', `no handler for ${unanswered.map(({ type }) => type).join(', ')}`)
  }

  /** Secrets stay here: a slave's host has no business with them. */
  #configForSlaves({ name, config = {} }: Plugin): Record<string, unknown> {
    const open = Object.keys(config).filter((field) => !config[field]?.isSecret)
    return Object.fromEntries(open.map((field) => [field, this.#parts.config.values[`${name}.${field}`]]))
  }

  #info({ plugin, source }: KnownPlugin): PluginInfo {
    const { name, version, description } = plugin
    return {
      name, version, source, description,
      enabled: this.#isEnabled(plugin),
      running: this.#running.has(name),
      failures: this.#failures.countOf(name),
      last_failure: this.#failures.lastOf(name),
    }
  }
}
