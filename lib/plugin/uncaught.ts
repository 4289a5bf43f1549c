import { inspect } from 'node:util'
import { PluginGuard } from './guard.ts'

const watched = new Map<string, PluginGuard>()

/**
 * From now on an uncaught exception or rejection that a plugin has set off is its failure, a fatal one; all others end
 * the process as they do without plugins. That holds for as long as the process lives: what a plugin has set off can
 * throw long after it was stopped. A later guard of the same plugin takes the place of this one.
 */
export function watchUncaught(guard: PluginGuard): void {
  if (watched.size === 0) process.on('uncaughtException', onUncaught)
  watched.set(guard.plugin, guard)
}

/** The plugin whose code stands nearest to the throw: some callbacks, such as microtasks, have lost their context. */
export function pluginOfCode(error: unknown): PluginGuard | undefined {
  const lines = error instanceof Error ? (error.stack ?? '').split('\n') : []
  for (const line of lines) {
    for (const guard of watched.values()) if (guard.paths.some((path) => line.includes(path))) return guard
  }
  return undefined
}

function onUncaught(error: unknown, origin: NodeJS.UncaughtExceptionOrigin): void {
  const guard = PluginGuard.current ?? pluginOfCode(error)
  if (guard) return guard.failed(origin === 'unhandledRejection' ? 'unhandled rejection' : 'uncaught exception', error, true)
  // Whoever else listens decides; alone, we do what Node does.
  if (process.listenerCount('uncaughtException') > 1) return
  process.stderr.write(`Uncaught ${inspect(error)}\n`)
  process.exit(1)
}
