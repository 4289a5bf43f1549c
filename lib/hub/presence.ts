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
  readonly #watchers = new Map<string, Set<Listener>>()
  #watches = 0

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

  /** Calls the listener at each change of a user's status, until the returned function is called. */
  watch(user: string, listener: Listener): () => void {
    let listeners = this.#watchers.get(user)
    if (!listeners) this.#watchers.set(user, listeners = new Set())
    listeners.add(listener)
    this.#watches += 1
    return () => {
      if (!listeners.delete(listener)) return
      this.#watches -= 1
      if (listeners.size === 0) this.#watchers.delete(user)
    }
  }

  figures(): { users: number; watches: number } {
    return { users: this.#users.size, watches: this.#watches }
  }

  #change(user: string, change: (sources: Sources) => void): void {
    const sources = this.#users.get(user) ?? { online: new Set(), busy: new Set(), told: 'offline' }
    this.#users.set(user, sources)
    change(sources)
    if (sources.online.size === 0 && sources.busy.size === 0) this.#users.delete(user)
    const status = statusOf(sources)
    if (status === sources.told) return
    sources.told = status
    for (const listener of this.#watchers.get(user) ?? []) listener(user, status)
  }
}

function statusOf(sources: Sources | undefined): PresenceStatus {
  if (!sources || sources.online.size === 0) return 'offline'
  return sources.busy.size > 0 ? 'busy' : 'online'
}
