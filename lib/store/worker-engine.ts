import { Worker } from 'node:worker_threads'
import { ClusterError } from '../errors/cluster-error.ts'
import type { Engine, StoredRow } from './engine.ts'
import type { FromWorker, ToWorker, WorkerStart } from './worker-messages.ts'

/** How long a worker that has failed may take to end by itself. */
const failedCloseTimeoutMs = 2_000

export interface WorkerEngineOptions {
  readonly file: string
  readonly workerUrl: URL
  readonly openTimeoutMs: number
  readonly writeTimeoutMs: number
  /** Takes the documents in portions while the engine opens; if it throws, opening fails with that. */
  readonly onRows: (rows: readonly (StoredRow & { readonly body: string })[]) => void
}

interface Waiting {
  readonly resolve: (lastRevision: number) => void
  readonly reject: (error: ClusterError) => void
}

/** SQLite in a thread of its own, seen from the main thread. */
export class WorkerEngine implements Engine {
  /** Called once if the engine fails for good; what was being written has been rejected then. */
  onFailure: (error: ClusterError) => void = () => {}
  readonly #options: WorkerEngineOptions
  readonly #worker: Worker
  readonly #exited: Promise<void>
  /** Who waits for the worker's next answer: the opening, then one write at a time. */
  #waiting: Waiting | undefined
  #timer: NodeJS.Timeout | undefined
  #failure: ClusterError | undefined
  #isClosing = false

  private constructor(options: WorkerEngineOptions) {
    this.#options = options
    const { file, workerUrl } = options
    this.#worker = new Worker(workerUrl, {
      name: 'corral-store',
      workerData: { file } satisfies WorkerStart,
      // Not the program's own: an inspector's port or a script to preload is not meant for this thread.
      execArgv: [],
    })
    this.#exited = new Promise((resolve) => this.#worker.once('exit', () => resolve()))
    this.#worker.on('message', (message: FromWorker) => this.#receive(message))
    this.#worker.on('messageerror', (cause) => this.#die(cause))
    this.#worker.on('error', (cause) => this.#die(cause))
    this.#worker.on('exit', () => this.#die(undefined))
  }

  /**
   * Starts the worker and waits until it has the database open. Rejects with `database_in_use`, `disk_full` or
   * `store_failed`.
   */
  static async open(options: WorkerEngineOptions): Promise<{ engine: WorkerEngine; lastRevision: number }> {
    const engine = new WorkerEngine(options)
    try {
      return { engine, lastRevision: await engine.#answer(options.openTimeoutMs) }
    } catch (thrown) {
      await engine.close()
      throw thrown
    }
  }

  async write(rows: readonly StoredRow[], lastRevision: number): Promise<void> {
    if (this.#failure) throw this.#failure
    const answer = this.#answer(this.#options.writeTimeoutMs)
    this.#post({ kind: 'write', rows, lastRevision })
    await answer
  }

  async close(): Promise<void> {
    this.#isClosing = true
    this.#post({ kind: 'close' })
    const timeoutMs = this.#failure ? failedCloseTimeoutMs : this.#options.writeTimeoutMs
    let timer: NodeJS.Timeout | undefined
    const timedOut = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutMs)
    })
    await Promise.race([this.#exited, timedOut])
    clearTimeout(timer)
    // Not awaited: a thread that hangs in the kernel ends when the disk lets it.
    void this.#worker.terminate()
  }

  #answer(timeoutMs: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
      this.#timer = setTimeout(() => {
        this.#die(new Error(`it did not answer for ${timeoutMs / 1000} s; the disk may hang`))
        void this.#worker.terminate()
      }, timeoutMs)
    })
  }

  #receive(message: FromWorker): void {
    if (this.#failure) return
    if (message.kind === 'rows') return this.#takeRows(message.rows)
    if (message.kind === 'failed' && message.isFinal) return this.#fail(ClusterError.fromWire(message.error))
    const waiting = this.#settle()
    if (message.kind === 'failed') waiting?.reject(ClusterError.fromWire(message.error))
    else waiting?.resolve(message.kind === 'opened' ? message.lastRevision : 0)
  }

  #takeRows(rows: readonly (StoredRow & { readonly body: string })[]): void {
    try {
      this.#options.onRows(rows)
    } catch (thrown) {
      this.#fail(ClusterError.from(thrown))
    }
  }

  #die(cause: unknown): void {
    if (this.#isClosing && !this.#waiting) return
    const reason = cause instanceof Error ? cause.message : 'it ended'
    this.#fail(new ClusterError('store_failed', `The thread that writes the database ${this.#options.file} failed: ${reason}. Whether ` +
      'the writes under way were kept is not known, and no more are taken; start the program again', {
      details: { file: this.#options.file },
      cause,
    }))
  }

  #fail(error: ClusterError): void {
    if (this.#failure) return
    this.#failure = error
    this.#settle()?.reject(error)
    this.onFailure(error)
  }

  #settle(): Waiting | undefined {
    const waiting = this.#waiting
    this.#waiting = undefined
    clearTimeout(this.#timer)
    return waiting
  }

  #post(message: ToWorker): void {
    this.#worker.postMessage(message)
  }
}
