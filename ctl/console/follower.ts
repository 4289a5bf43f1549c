import { setTimeout as delay } from 'node:timers/promises'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { decodeBytes } from '../../lib/link/console-bytes.ts'
import type { EventOf } from '../../lib/link/define.ts'
import type { instanceOutput } from '../../lib/link/messages/console.ts'
import { ConsoleCursor } from './cursor.ts'
import { EventQueue } from './event-queue.ts'
import type { LiveOutput } from './event-queue.ts'
import type { ConsoleSink, ConsoleSource, Follower, Start } from './ports.ts'

export interface FollowerOptions {
  readonly source: ConsoleSource
  readonly sink: ConsoleSink
  readonly start: Start
  /** Goes on with what is printed later and with later runs; otherwise it ends at the end of the first run that it reads. */
  readonly isLive: boolean
  /** How long to wait before a failed read is tried again, unless the connection tells of something earlier. */
  readonly retryMs?: number
  /** How much live output may wait to be printed. */
  readonly queueBytes?: number
}

const defaultRetryMs = 1_000
const defaultQueueBytes = 1_048_576

/**
 * Prints an instance's console, each byte once and in order, over whatever becomes of the connection. Live events may
 * be missing or come twice; so they only count where they continue what was printed, and everything else is read by
 * its place (run, offset).
 */
export class ConsoleFollower implements Follower {
  readonly #source: ConsoleSource
  readonly #sink: ConsoleSink
  readonly #cursor: ConsoleCursor
  readonly #isLive: boolean
  readonly #retryMs: number
  readonly #queue: EventQueue
  #mustSubscribe: boolean
  #mustRead = true
  #shallFinish = false
  #isInterrupted = false
  #failure: ClusterError | undefined
  #wake: () => void = () => {}

  constructor({ source, sink, start, isLive, retryMs = defaultRetryMs, queueBytes = defaultQueueBytes }: FollowerOptions) {
    this.#source = source
    this.#sink = sink
    this.#cursor = new ConsoleCursor(source, sink, start, isLive)
    this.#isLive = isLive
    this.#mustSubscribe = isLive
    this.#retryMs = retryMs
    this.#queue = new EventQueue(queueBytes)
  }

  take({ run, offset, exit, ...data }: EventOf<typeof instanceOutput>['output']): void {
    const isQueued = this.#queue.push({ run, offset, bytes: decodeBytes(data), hasEnded: exit !== undefined })
    this.#mustRead ||= !isQueued
    // While reads fail, output as it comes must not bring on one try after the other.
    if (!this.#isInterrupted) this.#wake()
  }

  cut(): void {
    this.#mustRead = true
    this.#wake()
  }

  reconnected(): void {
    this.#mustSubscribe = true
    this.#wake()
  }

  finish(): void {
    this.#shallFinish = true
    this.#mustRead = true
    this.#wake()
  }

  fail(error: ClusterError): void {
    this.#failure = error
    this.#wake()
  }

  /**
   * Follows until `finish`, or the end of the run where it is not live. Throws `not_found` when there is no such instance
   * or run, what `fail` was given, and, where it is not live, whatever a read throws.
   */
  async run(): Promise<void> {
    for (;;) {
      if (this.#failure) throw this.#failure
      if (this.#mustSubscribe || this.#mustRead) {
        await this.#catchUp()
        continue
      }
      if (this.#shallFinish || !this.#isLive) return
      const event = this.#queue.shift()
      if (event) await this.#print(event)
      else await this.#woken()
    }
  }

  async #print({ run, offset, bytes, hasEnded }: LiveOutput): Promise<void> {
    const { position } = this.#cursor
    if (!position) {
      // The first output ever: the run is read from its beginning.
      this.#cursor.begin(run)
      this.#mustRead = true
      return
    }
    if (run < position.run) return
    const isNext = run === position.run && offset <= position.offset
    if (isNext) await this.#cursor.write(bytes, offset)
    // A read shows whether a run that ended has more than was sent, and which one is next.
    this.#mustRead ||= !isNext || hasEnded
  }

  /** Subscribes and reads what there is. What came live before a read is in it too, so an event that is left out is not lost. */
  async #catchUp(): Promise<void> {
    const [mustSubscribe, isLast] = [this.#mustSubscribe, this.#shallFinish]
    this.#mustSubscribe = false
    this.#mustRead = false
    try {
      if (mustSubscribe) await this.#source.subscribe()
      await this.#cursor.readOn()
      this.#isInterrupted = false
    } catch (error) {
      const known = ClusterError.from(error)
      if (!this.#isLive || isLast || !known.isRetryable) throw error
      this.#mustSubscribe ||= mustSubscribe
      this.#mustRead = true
      if (!this.#isInterrupted) this.#sink.interrupted(known)
      this.#isInterrupted = true
      await this.#woken(this.#retryMs)
    }
  }

  /** Until something happens, or at most `deadlineMs`. */
  async #woken(deadlineMs?: number): Promise<void> {
    if (this.#failure) return
    const timer = new AbortController()
    const woken = new Promise<void>((resolve) => { this.#wake = resolve })
    try {
      await (deadlineMs === undefined ? woken : Promise.race([woken, delay(deadlineMs, undefined, { signal: timer.signal })]))
    } finally {
      timer.abort()
      this.#wake = () => {}
    }
  }
}
