import { watch } from 'node:fs'
import type { FSWatcher } from 'node:fs'

// A watch answers within a millisecond but costs an event per write; a timer costs the same however much is written.
const busyEvents = 20
const busyWindowMs = 100
const busyTickMs = 25
const quietTicks = 8
const safetyTickMs = 2_000

/**
 * Calls back when something happens in a directory: by inotify while that is rare, by a timer while it is not, and in
 * any case every two seconds.
 */
export class ActivityWatch {
  readonly #directory: string
  readonly #onActivity: () => boolean
  readonly #safety: NodeJS.Timeout
  #watcher: FSWatcher | undefined
  #ticker: NodeJS.Timeout | undefined
  #events = 0
  #windowStart = 0
  #quiet = 0
  #isClosed = false

  /** `onActivity` looks what has changed and says whether anything had. */
  constructor(directory: string, onActivity: () => boolean) {
    this.#directory = directory
    this.#onActivity = onActivity
    this.#safety = setInterval(onActivity, safetyTickMs)
    this.#listen()
  }

  close(): void {
    this.#isClosed = true
    clearInterval(this.#safety)
    clearInterval(this.#ticker)
    this.#watcher?.close()
    this.#watcher = undefined
  }

  #listen(): void {
    this.#ticker = undefined
    this.#events = 0
    try {
      this.#watcher = watch(this.#directory, () => this.#event())
      this.#watcher.on('error', () => this.#poll())
    } catch {
      // No watches left on this host: the timer alone will do.
      this.#poll()
      return
    }
    // What was written before the watch stood would otherwise wait for the next write.
    this.#onActivity()
  }

  #event(): void {
    if (this.#isClosed || !this.#watcher) return
    const now = performance.now()
    if (now - this.#windowStart > busyWindowMs) {
      this.#windowStart = now
      this.#events = 0
    }
    if (++this.#events > busyEvents) this.#poll()
    else this.#onActivity()
  }

  #poll(): void {
    this.#watcher?.close()
    this.#watcher = undefined
    if (this.#isClosed || this.#ticker) return
    this.#quiet = 0
    this.#ticker = setInterval(() => {
      this.#quiet = this.#onActivity() ? 0 : this.#quiet + 1
      if (this.#quiet < quietTicks || this.#isClosed) return
      clearInterval(this.#ticker)
      this.#listen()
    }, busyTickMs)
  }
}
