import { AsyncLocalStorage } from 'node:async_hooks'
import type { EventEmitter } from 'node:events'
import { ClusterError } from '../errors/cluster-error.ts'

/** Something that went wrong inside a plugin. */
export interface PluginFailure {
  readonly plugin: string
  /** Where: `hook chat`, `route /x`, `uncaught exception`. */
  readonly where: string
  readonly error: unknown
  /** Nobody can tell what state it left the plugin in, so that the plugin is to be stopped. */
  readonly isFatal: boolean
}

export interface PluginGuardOptions {
  readonly plugin: string
  /** File paths of the plugin's code, for failures that come without its context. */
  readonly paths?: readonly string[]
  onFailure(failure: PluginFailure): void
}

const storage = new AsyncLocalStorage<PluginGuard>()

/**
 * Surrounds all that a plugin runs: what it throws is reported and goes no further, and what it sets off (timers,
 * promises) is known to be its own, so that an uncaught exception can be laid at its door.
 */
export class PluginGuard {
  readonly plugin: string
  readonly paths: readonly string[]
  readonly #onFailure: (failure: PluginFailure) => void

  constructor({ plugin, paths = [], onFailure }: PluginGuardOptions) {
    this.plugin = plugin
    this.paths = paths
    this.#onFailure = onFailure
  }

  /** The plugin whose code is running, or set off what is running. */
  static get current(): PluginGuard | undefined {
    return storage.getStore()
  }

  /** Runs the plugin's code for a caller, who gets what it throws. */
  run<T>(work: () => T): T {
    return storage.run(this, work)
  }

  /** Runs the plugin's code where nobody waits for its outcome: what it throws, or its promise rejects with, is reported. */
  call(where: string, work: () => unknown): void {
    this.#contain(where, work, false)
  }

  /** As `call`, for what the plugin does of its own accord, such as at a timer: a failure is fatal to it. */
  callOwn(where: string, work: () => unknown): void {
    this.#contain(where, work, true)
  }

  /** Runs the plugin's handler for a caller, who gets what it throws; what is no deliberate error is reported too. */
  async answer<T>(where: string, work: () => T | Promise<T>): Promise<T> {
    try {
      return await this.run(work)
    } catch (error) {
      if (ClusterError.from(error).code === 'internal') this.failed(where, error)
      throw error
    }
  }

  failed(where: string, error: unknown, isFatal = false): void {
    this.#onFailure({ plugin: this.plugin, where, error, isFatal })
  }

  /** Contains what listeners of an emitter throw, such as those of a connection that a door took over. */
  contain(emitter: EventEmitter, where: string, onFailure: () => void): void {
    const emit = emitter.emit.bind(emitter)
    emitter.emit = (event, ...args: unknown[]) => {
      try {
        return storage.run(this, emit, event, ...args)
      } catch (error) {
        this.failed(where, error)
        onFailure()
        return true
      }
    }
  }

  #contain(where: string, work: () => unknown, isFatal: boolean): void {
    try {
      const outcome = storage.run(this, work)
      if (outcome instanceof Promise) outcome.catch((error: unknown) => this.failed(where, error, isFatal))
    } catch (error) {
      this.failed(where, error, isFatal)
    }
  }
}
