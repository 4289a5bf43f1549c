import { readFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseJson } from '../../../lib/plugin.ts'
import type { Logger } from '../../../lib/plugin.ts'
import type { ProgramSettings } from '../settings.ts'
import { Program, signalGroup } from './program.ts'
import type { ProgramOptions } from './program.ts'

export interface ProgramsOptions extends Pick<ProgramOptions, 'restart' | 'endMs'> {
  readonly programs: readonly ProgramSettings[]
  readonly directory: string
  readonly informerPath: string | undefined
  readonly log: Logger
}

/** A process by more than its number, which may be given out again. */
interface Identity {
  readonly pid: number
  readonly startedAt: string
}

/** The handlers' programs that the master runs. Those of a master that was killed are ended by the next one. */
export class Programs {
  readonly #programs: readonly Program[]
  readonly #recordFile: string
  readonly #log: Logger
  readonly #running = new Map<string, Identity>()
  #recording: Promise<void> = Promise.resolve()

  constructor({ programs, directory, log, ...rest }: ProgramsOptions) {
    this.#recordFile = join(directory, 'programs.json')
    this.#log = log
    this.#programs = programs.map((settings) => new Program({
      ...settings, ...rest, directory, log,
      started: (pid) => this.#record(settings.type, pid),
    }))
  }

  async start(): Promise<void> {
    await this.#endLeftBehind()
    await Promise.all(this.#programs.map((program) => program.start()))
  }

  async stop(): Promise<void> {
    await Promise.all(this.#programs.map((program) => program.stop()))
    this.#running.clear()
    this.#write()
    await this.#recording
  }

  #record(type: string, pid: number): void {
    const startedAt = startOf(pid)
    if (startedAt === undefined) return
    this.#running.set(type, { pid, startedAt })
    this.#write()
  }

  #write(): void {
    const text = JSON.stringify([...this.#running.values()])
    this.#recording = this.#recording
      .then(() => writeFile(this.#recordFile, text, { mode: 0o600 }))
      .catch((error: unknown) => this.#log.warn('The list of running handlers could not be written', { error: String(error) }))
  }

  async #endLeftBehind(): Promise<void> {
    const text = await readFile(this.#recordFile, 'utf8').catch(() => '[]')
    for (const identity of identitiesIn(text)) {
      if (startOf(identity.pid) !== identity.startedAt) continue
      this.#log.info('A handler of a master that did not stop in order is ended', { pid: identity.pid })
      signalGroup(identity.pid, 'SIGKILL')
    }
  }
}

function identitiesIn(text: string): Identity[] {
  try {
    const list = parseJson(text)
    return Array.isArray(list) ? list.filter(isIdentity) : []
  } catch {
    return []
  }
}

function isIdentity(value: unknown): value is Identity {
  const { pid, startedAt } = (value ?? {}) as Partial<Identity>
  return Number.isSafeInteger(pid) && Number(pid) > 1 && typeof startedAt === 'string'
}

/** When a process was started, as the kernel tells it; undefined when it is not there. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in brackets may hold anything, also blanks.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}
