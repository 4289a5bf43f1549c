import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { Backoff, removeStaleSocket } from '../../../lib/plugin.ts'
import type { Logger } from '../../../lib/plugin.ts'
import type { ProgramSettings } from '../settings.ts'
import { logLines } from './log-lines.ts'

export interface ProgramOptions extends ProgramSettings {
  readonly directory: string
  readonly informerPath: string | undefined
  readonly log: Logger
  /** Upper bounds of the time before it is started again, at first and at last. */
  readonly restart?: ConstructorParameters<typeof Backoff>[0] | undefined
  /** How long it may take to end when it is asked to. */
  readonly endMs?: number | undefined
  /** Called with the process's id when it has been started. */
  readonly started: (pid: number) => void
}

const defaultRestart = { baseMs: 500, capMs: 30_000 }
/** A program that has run for so long has started well. */
const settledMs = 10_000
const defaultEndMs = 3_000

/** A handler's program that the master runs: started again whenever it ends, until it is stopped. */
export class Program {
  readonly #options: ProgramOptions
  readonly #backoff: Backoff
  #process: ChildProcess | undefined
  #retry: NodeJS.Timeout | undefined
  #isStopped = false

  constructor(options: ProgramOptions) {
    this.#options = options
    this.#backoff = new Backoff(options.restart ?? defaultRestart)
  }

  /** Starts it. Resolves when it has been started or will be tried again; never rejects. */
  async start(): Promise<void> {
    const { type, socket, command: [file, ...args], directory, informerPath = '', log, started } = this.#options
    // Most programs don't replace what they left behind themselves.
    await removeStaleSocket(socket).catch(() => {})
    if (this.#isStopped) return
    const startedAt = Date.now()
    try {
      const child = this.#process = spawn(file, args, {
        cwd: directory,
        // A group of its own, which can be ended with all that it has started.
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...ownEnvironment(), BESTER_TYPE: type, BESTER_SOCKET: socket, BESTER_INFORMER: informerPath },
      })
      child.once('error', (error) => this.#ended(child, error.message, startedAt))
      child.once('exit', (code, signal) => this.#ended(child, signal === null ? `exit code ${code}` : `signal ${signal}`, startedAt))
      // There are none where the master has no file descriptors left, whatever the types say.
      for (const stream of [child.stdout, child.stderr] as (Readable | null | undefined)[]) {
        if (stream) logLines(stream, (line) => log.info(line, { handler: type }))
      }
      if (child.pid !== undefined) started(child.pid)
    } catch (error) {
      this.#ended(undefined, String(error), startedAt)
    }
  }

  /** Asks it to end, and insists. Resolves when it has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true
    clearTimeout(this.#retry)
    const child = this.#process
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    signalGroup(child.pid, 'SIGTERM')
    const insist = setTimeout(() => signalGroup(child.pid ?? 0, 'SIGKILL'), this.#options.endMs ?? defaultEndMs)
    await ended
    clearTimeout(insist)
  }

  #ended(child: ChildProcess | undefined, why: string, startedAt: number): void {
    const { type, log } = this.#options
    if (this.#process !== child) return
    if (child?.pid !== undefined) signalGroup(child.pid, 'SIGKILL')
    this.#process = undefined
    if (this.#isStopped) return
    if (Date.now() - startedAt >= settledMs) this.#backoff.reset()
    const delayMs = this.#backoff.next()
    log.warn(`The program of the handler ${type} has ended (${why}); it is started again in ${delayMs} ms`)
    this.#retry = setTimeout(() => void this.start(), delayMs)
  }
}

/** Ends or asks all processes of a group; there may be none left. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch {
    // All have ended.
  }
}

/** The master's own settings, secrets among them, are nobody else's business. */
function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('CORRAL_')))
}
