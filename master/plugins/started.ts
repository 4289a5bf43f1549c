import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeAtomically } from '../../lib/config/write-atomically.ts'
import { isAlive, ownIdentity } from '../../lib/process-identity.ts'
import type { ProcessIdentity } from '../../lib/process-identity.ts'

/** Versions of the plugins that a master has set out to run, by name. */
export type StartedPlugins = ReadonlyMap<string, string>

interface StartRecord {
  readonly process: ProcessIdentity
  readonly plugins: Readonly<Record<string, string>>
}

/** Puts on record which plugins this process sets out to run, for `master plugin list`. Throws as `writeAtomically` does. */
export async function recordStarted(dataDirectory: string, plugins: StartedPlugins): Promise<void> {
  const identity = ownIdentity()
  if (!identity) return
  const record: StartRecord = { process: identity, plugins: Object.fromEntries(plugins) }
  await writeAtomically(fileOf(dataDirectory), JSON.stringify(record))
}

/** What the master of a data directory has set out to run; undefined where none runs, or none that can be seen from here. */
export async function readStarted(dataDirectory: string): Promise<StartedPlugins | undefined> {
  try {
    const { process, plugins } = JSON.parse(await readFile(fileOf(dataDirectory), 'utf8')) as StartRecord
    return isAlive(process) ? new Map(Object.entries(plugins)) : undefined
  } catch {
    // No master has run yet; and a damaged file tells nothing.
    return undefined
  }
}

/** Why the master must be started again before a plugin is as the config has it; undefined where it is so. */
export function restartReason(plugin: { name: string; version: string; enabled: boolean }, started: StartedPlugins): string | undefined {
  const running = started.get(plugin.name)
  if (plugin.enabled && running === undefined) return 'the running master does not have it yet'
  if (!plugin.enabled && running !== undefined) return 'the running master still has it'
  return plugin.enabled && running !== plugin.version ? `the running master has version ${running}` : undefined
}

function fileOf(dataDirectory: string): string {
  return join(dataDirectory, 'plugins', 'started.json')
}
