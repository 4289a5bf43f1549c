import { closeSync, constants, openSync, writeSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { isCode } from './records.ts'

/** The longest console line, without its newline: a FIFO takes up to 4096 bytes in one piece or not at all. */
export const maxConsoleLineBytes = 4095

const queueLimit = 64
// Games that mix select() with buffered reading run only the first of several lines that come together.
const gapMs = 100
const retryMs = 50
const patienceMs = 5_000

interface PendingLine {
  bytes: Uint8Array
  resolve: () => void
  reject: (error: Error) => void
}

/** Writes console lines into a game's FIFO: one per write, at least 100 ms apart, in the order they were given. */
export class ConsoleInput {
  readonly #path: string
  readonly #closing = new AbortController()
  #descriptor: number | undefined
  #queue: PendingLine[] = []
  #work: Promise<void> | undefined
  #isWorking = false
  #lastWrite = 0

  constructor(path: string) {
    this.#path = path
    // Held from now on: while a slave holds the FIFO, even the launcher's death is no end of input for the game.
    this.#open()
  }

  /**
   * Resolves when the line is in the FIFO. Throws `invalid_request` for a line that is too long or not one line, and
   * `console_unavailable` if the game does not read, or too many lines wait.
   */
  write(line: Uint8Array | string): Promise<void> {
    const bytes = Buffer.concat([Buffer.from(line), Buffer.from('\n')])
    if (bytes.length > maxConsoleLineBytes + 1) {
      throw new ClusterError('invalid_request',
        `A console line has at most ${maxConsoleLineBytes} bytes; this one has ${bytes.length - 1}. Send a shorter line`)
    }
    if (bytes.indexOf('\n') !== bytes.length - 1) {
      throw new ClusterError('invalid_request', 'A console line contains no line break. Send the lines one by one')
    }
    if (this.#closing.signal.aborted) throw unavailable('the game has ended or its console was closed')
    if (this.#queue.length >= queueLimit) throw unavailable(`${queueLimit} lines wait already; send them more slowly`)
    return new Promise((resolve, reject) => {
      this.#queue.push({ bytes, resolve, reject })
      if (!this.#isWorking) this.#work = this.#drain()
    })
  }

  /** Resolves when nothing waits any more. */
  async drained(): Promise<void> {
    await this.#work
  }

  /** Rejects what waits and lets go of the FIFO. */
  close(): void {
    this.#closing.abort()
    this.#refuse(unavailable('the game has ended or its console was closed'))
    if (this.#descriptor !== undefined) closeSync(this.#descriptor)
    this.#descriptor = undefined
  }

  async #drain(): Promise<void> {
    this.#isWorking = true
    let giveUpAt = performance.now() + patienceMs
    for (let line = this.#queue[0]; line; line = this.#queue[0]) {
      const gap = this.#lastWrite + gapMs - performance.now()
      if (gap > 0 && !(await this.#pause(gap))) return
      if (this.#attempt(line)) giveUpAt = performance.now() + patienceMs
      else if (performance.now() > giveUpAt) this.#refuse(unavailable('the game does not read its console; try later'))
      else if (!(await this.#pause(retryMs))) return
    }
    // In the same step as the last look at the queue, or a line given in between would wait for ever.
    this.#isWorking = false
  }

  /** Writes the first line of the queue or refuses the queue; false if the FIFO is full. */
  #attempt(line: PendingLine): boolean {
    try {
      writeSync(this.#open(), line.bytes)
    } catch (error) {
      if (isCode(error, 'EAGAIN')) return false
      this.#refuse(error instanceof ClusterError ? error : unavailable('the game has closed its console', error))
      return true
    }
    this.#lastWrite = performance.now()
    this.#queue.shift()
    line.resolve()
    return true
  }

  #open(): number {
    if (this.#descriptor === undefined) {
      try {
        this.#descriptor = openSync(this.#path, constants.O_WRONLY | constants.O_NONBLOCK)
      } catch {
        // ENXIO: nobody reads. The next write tries again and reports.
      }
    }
    if (this.#descriptor === undefined && this.#queue.length > 0) throw unavailable('the game does not read its console')
    return this.#descriptor ?? -1
  }

  #refuse(error: ClusterError): void {
    const refused = this.#queue
    this.#queue = []
    for (const line of refused) line.reject(error)
  }

  /** False if the input was closed meanwhile. */
  async #pause(ms: number): Promise<boolean> {
    return delay(ms, true, { signal: this.#closing.signal }).catch(() => false)
  }
}

function unavailable(why: string, cause?: unknown): ClusterError {
  return new ClusterError('console_unavailable', `Tried to write a line to the game's console, but ${why}`,
    cause === undefined ? {} : { cause })
}
