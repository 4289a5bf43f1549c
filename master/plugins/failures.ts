import { mkdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { writeAtomically } from '../../lib/config/write-atomically.ts'
import { escapeControls } from '../../lib/log/escape.ts'
import type { Logger } from '../../lib/log/logger.ts'
import type { PluginInfo } from '../../lib/link/messages/plugins.ts'
import { FailureLimit, messageOf } from '../../lib/plugin/failure-limit.ts'
import type { PluginFailure } from '../../lib/plugin/guard.ts'

export type LastFailure = NonNullable<PluginInfo['last_failure']>

const maxMessageLength = 500

interface Record {
  count: number
  last: LastFailure
}

/** What went wrong inside plugins: in the log (10 of each at each place in a minute), counted, and the last of each on disk for `master plugin list`. */
export class PluginFailures {
  readonly #file: string
  readonly #log: Logger
  readonly #records = new Map<string, Record>()
  readonly #limit = new FailureLimit()
  #writing: Promise<void> | undefined
  #isStale = false

  constructor(dataDirectory: string, log: Logger) {
    this.#file = fileOf(dataDirectory)
    this.#log = log
  }

  /** A failure in the master. */
  note({ plugin, where, error }: Omit<PluginFailure, 'isFatal'>): void {
    this.#note(plugin, { where, message: messageOf(error), slave_id: null }, error instanceof Error ? error.stack ?? error.message : String(error))
  }

  /** A failure that a slave tells of. */
  noteOnSlave(plugin: string, slaveId: number, where: string, message: string): void {
    this.#note(plugin, { where, message, slave_id: slaveId }, message)
  }

  countOf(plugin: string): number {
    return this.#records.get(plugin)?.count ?? 0
  }

  lastOf(plugin: string): LastFailure | null {
    return this.#records.get(plugin)?.last ?? null
  }

  /** Resolves when the last of each plugin is on disk. */
  async settled(): Promise<void> {
    await this.#writing
  }

  #note(plugin: string, { message, ...place }: Omit<LastFailure, 'at'>, text: string): void {
    const last = { at: new Date().toISOString(), ...place, message: message.slice(0, maxMessageLength) }
    const record = this.#records.get(plugin) ?? { count: 0, last }
    this.#records.set(plugin, record)
    record.count += 1
    record.last = last
    const at = place.slave_id === null ? '' : ` on slave ${place.slave_id}`
    if (!this.#limit.allows(plugin, place.where)) return
    if (place.where === 'start') this.#log.error(`Plugin ${plugin} could not be started${at}: ${message}`, { plugin })
    else this.#log.error(`Plugin ${plugin} failed at ${place.where}${at}`, { plugin, error: text })
    this.#write()
  }

  #write(): void {
    this.#isStale = true
    this.#writing ??= this.#writeAll().finally(() => { this.#writing = undefined })
  }

  async #writeAll(): Promise<void> {
    while (this.#isStale) {
      this.#isStale = false
      try {
        const before = await read(this.#file)
        const last = new Map([...before, ...[...this.#records].map(([name, record]) => [name, record.last] as const)])
        await mkdir(dirname(this.#file), { recursive: true, mode: 0o700 })
        await writeAtomically(this.#file, JSON.stringify(Object.fromEntries(last)))
      } catch (error) {
        this.#log.warn('The last failures of plugins could not be written', { error: String(error) })
      }
    }
  }
}

/** The last failure of each plugin, from the data directory of a master that may not be running. */
export function readFailures(dataDirectory: string): Promise<ReadonlyMap<string, LastFailure>> {
  return read(fileOf(dataDirectory))
}

/** A failure in one line for people. */
export function describeFailure({ at, slave_id: slaveId, where, message }: LastFailure): string {
  return escapeControls(`${at}${slaveId === null ? '' : ` on slave ${slaveId}`}, at ${where}: ${message}`)
}

async function read(file: string): Promise<ReadonlyMap<string, LastFailure>> {
  try {
    return new Map(Object.entries(JSON.parse(await readFile(file, 'utf8')) as { [plugin: string]: LastFailure }))
  } catch {
    // There were none yet; and a damaged file tells nothing.
    return new Map()
  }
}

function fileOf(dataDirectory: string): string {
  return join(dataDirectory, 'plugins', 'failures.json')
}
