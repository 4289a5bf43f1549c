import { connect } from 'node:net'
import { LineMatcher } from '../../lib/template/line-matcher.ts'
import type { TemplateHealth } from '../../lib/template/schema.ts'
import { queryGame } from './query-game.ts'

export interface HealthParts {
  readonly health: TemplateHealth
  readonly ports: Readonly<Record<string, number>>
  /** Sends a line to the game's console. */
  send(line: string): Promise<void>
  /** The game failed so many checks in a row that it is taken for hung. Called once. */
  hung(why: string): void
}

const host = '127.0.0.1'

/** Asks a game that is ready, again and again, whether it is still at work (template key `health`). */
export class HealthWatch {
  readonly #parts: HealthParts
  readonly #heartbeat: LineMatcher | undefined
  readonly #closed = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #failures = 0
  /** A sign of life came since the last check. */
  #hasHeard = false
  #onHeard: () => void = () => {}

  constructor(parts: HealthParts) {
    this.#parts = parts
    const { health } = parts
    if (health.check === 'output') this.#heartbeat = new LineMatcher({ ready: { regex: health.regex, deadline_ms: 1 } })
    this.#next()
  }

  /** A line of the game's output. */
  line(text: string): void {
    if (this.#hasHeard || !this.#heartbeat || this.#heartbeat.match(text).length === 0) return
    this.#hasHeard = true
    this.#onHeard()
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#closed.abort()
  }

  #next(): void {
    this.#timer = setTimeout(() => void this.#run(), this.#parts.health.interval_ms)
  }

  async #run(): Promise<void> {
    const { health: { deadline_ms: deadlineMs, failures }, hung } = this.#parts
    const deadline = AbortSignal.timeout(deadlineMs)
    const why = await this.#check(AbortSignal.any([deadline, this.#closed.signal]), deadlineMs)
    if (this.#closed.signal.aborted) return
    this.#failures = why === undefined ? 0 : this.#failures + 1
    if (this.#failures < failures) return this.#next()
    this.close()
    hung(`it hangs: ${why}, ${failures === 1 ? 'once' : `${failures} times in a row`}`)
  }

  /** What is wrong, or undefined. */
  #check(signal: AbortSignal, deadlineMs: number): Promise<string | undefined> {
    const { health, ports } = this.#parts
    if (health.check === 'output') return this.#hear(health.command, signal, deadlineMs)
    const port = ports[health.port] ?? 0
    return health.check === 'tcp' ? connects(port, signal) : queryGame({ type: health.query, host, port }, deadlineMs, signal)
  }

  /** With a command its answer counts, without one whatever was printed since the last check. */
  async #hear(command: string | undefined, signal: AbortSignal, deadlineMs: number): Promise<string | undefined> {
    if (command !== undefined) this.#hasHeard = false
    const heard = new Promise<void>((resolve) => {
      this.#onHeard = resolve
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
    // A console that takes no line is a game that does not read: its answer won't come either.
    if (command !== undefined) void this.#parts.send(command).catch(() => {})
    if (!this.#hasHeard) await heard
    const isHeard = this.#hasHeard
    this.#hasHeard = false
    if (isHeard) return undefined
    return command === undefined ? `it printed no sign of life within ${deadlineMs} ms` : `it did not answer \`${command}\` within ${deadlineMs} ms`
  }
}

/** Whether something takes connections there. */
function connects(port: number, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ port, host })
    const end = (why?: string): void => {
      socket.destroy()
      resolve(why)
    }
    socket.once('connect', () => end())
    socket.on('error', (error: NodeJS.ErrnoException) => end(`its port ${port} takes no connection (${error.code ?? error.message})`))
    signal.addEventListener('abort', () => end(`its port ${port} took no connection in time`), { once: true })
  })
}
