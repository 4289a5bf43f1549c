import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { EconConnection } from './econ-connection.ts'

/** Teeworlds reads lines into a buffer of 1400 bytes. */
const LINE_LIMIT_BYTES = 1023
const QUEUE_LIMIT = 64

export interface EconConsoleOptions {
  port: number
  password: string
  /** How long a line waits for the game to take it. */
  sendDeadlineMs?: number
  /** How long to wait for the game to answer while logging in. */
  loginDeadlineMs?: number
  /** Pause after a failed attempt; doubled up to `retryMaxMs`. */
  retryMs?: number
  retryMaxMs?: number
}

interface Waiting {
  line: string
  resolve: () => void
  reject: (error: ClusterError) => void
  timer: NodeJS.Timeout
}

/**
 * Teeworlds' external console (econ) as the way into a game: connects to 127.0.0.1, logs in, and does so again with growing
 * pauses whenever the connection goes, until it is closed. What the game says there also stands in its log, so it is
 * not read. Never throws or emits by itself.
 */
export class EconConsole {
  readonly #options: Required<EconConsoleOptions>
  #connection: EconConnection
  #queue: Waiting[] = []
  #retryTimer: NodeJS.Timeout | undefined
  #retryMs: number
  #isReady = false
  #isClosed = false
  #trouble = 'it has not answered yet'

  constructor(options: EconConsoleOptions) {
    this.#options = { sendDeadlineMs: 5_000, loginDeadlineMs: 5_000, retryMs: 100, retryMaxMs: 5_000, ...options }
    this.#retryMs = this.#options.retryMs
    this.#connection = this.#connect()
  }

  /**
   * Resolves when the game's socket has taken the line; waits for the game to accept the login first, within the deadline. Throws
   * `console_unavailable`; `too_large` for a line of more than 1023 bytes; `invalid_request` for one with a line end.
   */
  send(line: string): Promise<void> {
    if (/[\n\r\0]/.test(line)) return Promise.reject(new ClusterError('invalid_request', 'A console line must not contain a line end; send lines one by one'))
    const length = Buffer.byteLength(line)
    if (length > LINE_LIMIT_BYTES) {
      return Promise.reject(new ClusterError('too_large', `A line for this console has ${LINE_LIMIT_BYTES} bytes at most; this one has ${length}`))
    }
    if (this.#isClosed) return Promise.reject(unavailable('the game has ended'))
    if (this.#queue.length >= QUEUE_LIMIT) return Promise.reject(unavailable(`${QUEUE_LIMIT} lines are waiting already (${this.#trouble})`))
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        line, resolve, reject,
        timer: setTimeout(() => this.#giveUp(waiting), this.#options.sendDeadlineMs),
      }
      this.#queue.push(waiting)
      this.#flush()
    })
  }

  /** Ends the connection; lines that wait are refused. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    clearTimeout(this.#retryTimer)
    this.#connection.close()
    for (const { reject, timer } of this.#queue.splice(0)) {
      clearTimeout(timer)
      reject(unavailable('the game has ended'))
    }
  }

  #connect(): EconConnection {
    const { port, password, loginDeadlineMs } = this.#options
    return new EconConnection({ port, password, loginDeadlineMs }, {
      ready: () => {
        this.#isReady = true
        this.#retryMs = this.#options.retryMs
        this.#flush()
      },
      gone: (reason) => {
        this.#isReady = false
        this.#trouble = reason
        if (this.#isClosed) return
        this.#retryTimer = setTimeout(() => { this.#connection = this.#connect() }, this.#retryMs)
        this.#retryMs = Math.min(this.#retryMs * 2, this.#options.retryMaxMs)
      },
    })
  }

  #flush(): void {
    while (this.#isReady && this.#connection.hasRoom) {
      const waiting = this.#queue.shift()
      if (waiting === undefined) return
      this.#connection.write(waiting.line, (error) => {
        clearTimeout(waiting.timer)
        if (error) waiting.reject(unavailable(this.#isReady ? error.message : this.#trouble))
        else waiting.resolve()
        this.#flush()
      })
    }
  }

  #giveUp(waiting: Waiting): void {
    const isWaiting = this.#queue.includes(waiting)
    this.#queue = this.#queue.filter((other) => other !== waiting)
    if (this.#isReady) this.#trouble = 'it does not read its console'
    waiting.reject(unavailable(this.#trouble))
    // What was refused must not arrive later: the rest of it goes with the connection.
    if (!isWaiting) this.#connection.drop(this.#trouble)
  }
}

function unavailable(reason: string): ClusterError {
  return new ClusterError('console_unavailable', `The line was not sent, since the game's console (econ) is not there now: ${reason}; try again when the game is ready`)
}
