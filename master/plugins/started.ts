import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeAtomically } from '../../lib/config/write-atomically.ts'
import { isAlive, ownIdentity } from '../../lib/process-identity.ts'
import type { ProcessIdentity } from '../../lib/process-identity.ts'

/** What a master has set out to run. */
export interface StartedPlugins {
  readonly atMs: number
  /** By name. */
  readonly versions: ReadonlyMap<string, string>
}

interface StartRecord {
  readonly process: ProcessIdentity
  readonly atMs: number
  readonly plugins: Readonly<Record<string, string>>
}

/** Puts on record which plugins this process sets out to run, for `master plugin list`. Throws as `writeAtomically` does. */
export async function recordStarted(dataDirectory: string, { atMs, versions }: StartedPlugins): Promise<void> {
  const identity = ownIdentity()
  if (!identity) return
  const record: StartRecord = { process: identity, atMs, plugins: Object.fromEntries(versions) }
  await writeAtomically(fileOf(dataDirectory), JSON.stringify(record))
}

/** What the master of a data directory has set out to run; undefined where none runs, or none that can be seen from here. */
export async function readStarted(dataDirectory: string): Promise<StartedPlugins | undefined> {
  try {
    const { process, atMs, plugins } = JSON.parse(await readFile(fileOf(dataDirectory), 'utf8')) as StartRecord
    return isAlive(process) ? { atMs, versions: new Map(Object.entries(plugins)) } : undefined
  } catch {
    // No master has run yet; and a damaged file tells nothing.
    return undefined
  }
}

/** A plugin as the config and the disk have it. */
export interface PresentPlugin {
  readonly name: string
  readonly version: string
  readonly enabled: boolean
  /** When its package was installed; undefined for one that comes with Corral. */
  readonly installedMs: number | undefined
}

/** Why the master must be started again before a plugin is as it is there; undefined where nothing tells that. */
export function restartReason({ name, version, enabled, installedMs = 0 }: PresentPlugin, { atMs, versions }: StartedPlugins): string | undefined {
  const running = versions.get(name)
  if (!enabled) return running === undefined ? undefined : 'the running master still has it'
  if (running === undefined) return 'the running master does not have it yet'
  if (running !== version) return `the running master has version ${running}`
  return installedMs > atMs ? 'it was installed again after the running master was started' : undefined
}

function fileOf(dataDirectory: string): string {
  return join(dataDirectory, 'plugins', 'started.json')
}
