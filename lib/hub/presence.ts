export type PresenceStatus = 'offline' | 'online' | 'busy'

type Listener = (user: string, status: PresenceStatus) => void

interface Sources {
  /** Connections on which the user is there. */
  readonly online: Set<unknown>
  /** Games and rooms that the user is in. */
  readonly busy: Set<unknown>
  /** What listeners were last told. */
  told: PresenceStatus
}

/**
 * Who is there, and who is in a game. Many may know of a user, each as a source of its own: a connection that makes
 * him online, a room or a game that makes him busy. Listeners are told of real changes only.
 */
export class Presence {
  readonly #users = new Map<string, Sources>()
  /** A Set only where there are several: nearly all users have one watcher, a door. */
  readonly #watchers = new Map<string, Listener | Set<Listener>>()
  readonly #onError: (error: unknown) => void
  #watches = 0

  /** `onError` is told what a listener threw; the others hear the change all the same. Without it that goes to whoever changed something. */
  constructor(onError: (error: unknown) => void = rethrow) {
    this.#onError = onError
  }

  /** The user is there, says a source. */
  setOnline(user: string, source: unknown): void {
    this.#change(user, ({ online }) => online.add(source))
  }

  clearOnline(user: string, source: unknown): void {
    this.#change(user, ({ online }) => online.delete(source))
  }

  /**
   * The user is in a game, says a source. Such a source counts alone only when `isPresent` holds: a player whom a game
   * sees is there, one who merely has a seat in a room is there only while he is online too.
   */
  setBusy(user: string, source: unknown, isPresent: boolean): void {
    this.#change(user, ({ online, busy }) => {
      busy.add(source)
      if (isPresent) online.add(source)
    })
  }

  clearBusy(user: string, source: unknown): void {
    this.#change(user, ({ online, busy }) => {
      busy.delete(source)
      online.delete(source)
    })
  }

  /** What a source that knows all of a user says of him; it replaces what that source said before, as one change. */
  report(user: string, source: unknown, status: PresenceStatus): void {
    this.#change(user, ({ online, busy }) => {
      if (status === 'offline') online.delete(source)
      else online.add(source)
      if (status === 'busy') busy.add(source)
      else busy.delete(source)
    })
  }

  status(user: string): PresenceStatus {
    return statusOf(this.#users.get(user))
  }

  /** Users who are not offline. */
  list(): string[] {
    return [...this.#users].filter(([, sources]) => statusOf(sources) !== 'offline').map(([user]) => user)
  }

  /** Calls the listener at each change of a user's status, until `unwatch`, or the returned function, is called. */
  watch(user: string, listener: Listener): () => void {
    const listeners = this.#watchers.get(user)
    if (!isAmong(listeners, listener)) {
      if (listeners instanceof Set) listeners.add(listener)
      else this.#watchers.set(user, listeners ? new Set([listeners, listener]) : listener)
      this.#watches += 1
    }
    return () => this.unwatch(user, listener)
  }

  unwatch(user: string, listener: Listener): void {
    const listeners = this.#watchers.get(user)
    if (!isAmong(listeners, listener)) return
    this.#watches -= 1
    if (listeners instanceof Set) listeners.delete(listener)
    if (!(listeners instanceof Set) || listeners.size === 0) this.#watchers.delete(user)
  }

  /** Users who are not offline, by status, and how many watch anybody. */
  figures(): { online: number; busy: number; watches: number } {
    const counts = { offline: 0, online: 0, busy: 0 }
    for (const sources of this.#users.values()) counts[statusOf(sources)] += 1
    return { online: counts.online, busy: counts.busy, watches: this.#watches }
  }

  #change(user: string, change: (sources: Sources) => void): void {
    const sources = this.#users.get(user) ?? { online: new Set(), busy: new Set(), told: 'offline' }
    this.#users.set(user, sources)
    change(sources)
    if (sources.online.size === 0 && sources.busy.size === 0) this.#users.delete(user)
    const status = statusOf(sources)
    if (status === sources.told) return
    sources.told = status
    const listeners = this.#watchers.get(user)
    for (const listener of listeners instanceof Set ? listeners : listeners ? [listeners] : []) {
      try {
        listener(user, status)
      } catch (error) {
        this.#onError(error)
      }
    }
  }
}

function isAmong(listeners: Listener | Set<Listener> | undefined, listener: Listener): boolean {
  return listeners instanceof Set ? listeners.has(listener) : listeners === listener
}

function rethrow(error: unknown): never {
  throw error
}

function statusOf(sources: Sources | undefined): PresenceStatus {
  if (!sources || sources.online.size === 0) return 'offline'
  return sources.busy.size > 0 ? 'busy' : 'online'
}
