import type { ClusterError } from '../../lib/errors/cluster-error.ts'
import type { InstanceStatus } from '../../lib/link/messages/shapes.ts'
import type { Logger } from '../../lib/log/logger.ts'
import { StateWaiters } from './state-waiters.ts'

/** What an instance is doing, what is wrong with it, and who waits for it to be different. */
export class ActualState {
  readonly waiters = new StateWaiters()
  readonly #log: Logger
  readonly #changed: () => void
  #status: InstanceStatus = 'stopped'
  #problem: string | null = null

  constructor(log: Logger, changed: () => void) {
    this.#log = log
    this.#changed = changed
  }

  get status(): InstanceStatus {
    return this.#status
  }

  /** Why it is not what it should be, for people. */
  get problem(): string | null {
    return this.#problem
  }

  /** A game that runs, or is meant to be stopped, has no problem unless one is given. */
  set(status: InstanceStatus, problem = status === 'running' || status === 'stopped' ? null : this.#problem): void {
    this.#status = status
    this.#problem = problem
    this.waiters.reached(status)
    this.#changed()
  }

  /** Nobody can tell for now whether it runs. */
  lost(error: ClusterError): void {
    if (error.message !== this.#problem) this.#log.error(error.message, { error: String(error.cause) })
    for (const want of ['running', 'stopped'] as const) this.waiters.fail(want, error)
    this.set('unknown', error.message)
  }

  /** It is not running though it is wanted; `then` says as a sentence what happens next. */
  crashed(error: ClusterError, then?: string): void {
    const problem = then === undefined ? error.message : continued(error.message, then)
    // A log has one line for each entry: the further ones are readable as a list.
    const [first = '', ...lines] = problem.split('\n')
    this.#log.warn(first, lines.length > 0 ? { lines } : {})
    this.waiters.fail('running', error)
    this.set('crashed', problem)
  }
}

/** A text and a sentence after it; what a game printed last stays on lines of its own. */
function continued(text: string, sentence: string): string {
  if (text.includes('\n')) return `${text}\n${sentence}`
  return `${text}${/[.!?]$/.test(text) ? '' : '.'} ${sentence}`
}
