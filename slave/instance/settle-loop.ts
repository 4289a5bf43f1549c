import { ClusterError } from '../../lib/errors/cluster-error.ts'

interface SettleLoopOwner {
  /** One look at what is and what is wanted, and what follows from it. */
  step(): Promise<void>
  /** A step failed; the loop looks again by itself after a while. */
  failed(error: ClusterError): void
  /** Nothing is left to do for now. */
  rested(): void
}

const retryMs = 5_000

/** Moves something towards what is wanted of it: one loop, which never runs twice at once. */
export class SettleLoop {
  readonly #owner: SettleLoopOwner
  #settling: Promise<void> | undefined
  #isUnsettled = false
  #isStopped = false
  #timer: NodeJS.Timeout | undefined

  constructor(owner: SettleLoopOwner) {
    this.#owner = owner
  }

  /** Whether it looks again by itself later. */
  get isWaiting(): boolean {
    return this.#timer !== undefined
  }

  /** Looks; whoever finds it at work makes it look once more. */
  settle(): void {
    this.#isUnsettled = true
    this.#settling ??= this.#settleAll()
  }

  /** Looks after a delay, instead of after the one that was set before. */
  settleLater(delayMs: number): void {
    this.dontWait()
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.settle()
    }, delayMs)
  }

  /** Something failed, such as a write to a full disk: what is wanted stays wanted, so it looks again after a while. */
  retry(error: unknown): void {
    this.#owner.failed(ClusterError.from(error))
    this.settleLater(retryMs)
  }

  /** Doesn't look by itself any more. */
  dontWait(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  /** Begins no further step. Resolves when the one at work is over. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.dontWait()
    await this.#settling
  }

  async #settleAll(): Promise<void> {
    // So that it can't be over before it is known to be at work.
    await Promise.resolve()
    while (this.#isUnsettled && !this.#isStopped) {
      this.#isUnsettled = false
      try {
        await this.#owner.step()
      } catch (error) {
        if (this.#isStopped) break
        this.retry(error)
      }
    }
    // In the same step as the last look, or a change in between would be seen by nobody.
    this.#settling = undefined
    this.#owner.rested()
  }
}
