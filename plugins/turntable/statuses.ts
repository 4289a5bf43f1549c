import type { Presence, PresenceStatus } from '../../lib/plugin.ts'

export type Change = readonly [user: string, status: PresenceStatus]

/** Where the statuses of users come from. */
export interface StatusSource {
  /** Begins to tell of these users, who are not watched yet. */
  watch(users: readonly string[]): void
  unwatch(user: string): void
  /** The status of a user who is watched; undefined until it is known, which is then told as a change. */
  status(user: string): PresenceStatus | undefined
}

/** Another server, as far as statuses go. */
export interface RemoteServer {
  want(users: readonly string[]): void
  unwant(user: string): void
  /** What it has told of a user; undefined while it has not answered. */
  known(user: string): PresenceStatus | undefined
}

/** What is known on this server, whichever door or game it comes from. */
export class LocalStatuses implements StatusSource {
  readonly #presence: Presence
  /** One for all users: there may be very many. */
  readonly #listener: (user: string, status: PresenceStatus) => void

  constructor(presence: Presence, changed: (changes: readonly Change[]) => void) {
    this.#presence = presence
    this.#listener = (user, status) => changed([[user, status]])
  }

  watch(users: readonly string[]): void {
    for (const user of users) this.#presence.watch(user, this.#listener)
  }

  unwatch(user: string): void {
    this.#presence.unwatch(user, this.#listener)
  }

  status(user: string): PresenceStatus {
    return this.#presence.status(user)
  }
}

const ranks: Readonly<Record<PresenceStatus, number>> = { offline: 0, online: 1, busy: 2 }

interface Watched {
  readonly server: RemoteServer
  told: PresenceStatus | undefined
}

/** What is known on this server together with what the user's own server tells; the more present of the two counts. */
export class ClusterStatuses implements StatusSource {
  readonly #presence: Presence
  readonly #local: LocalStatuses
  readonly #serverOf: (user: string) => RemoteServer | undefined
  readonly #changed: (changes: readonly Change[]) => void
  readonly #listener = (user: string): void => this.update([user])
  /** Users of other servers; those of this one are left to `#local`. */
  readonly #watched = new Map<string, Watched>()

  constructor(presence: Presence, serverOf: (user: string) => RemoteServer | undefined, changed: (changes: readonly Change[]) => void) {
    this.#presence = presence
    this.#local = new LocalStatuses(presence, changed)
    this.#serverOf = serverOf
    this.#changed = changed
  }

  watch(users: readonly string[]): void {
    const byServer = new Map<RemoteServer, string[]>()
    for (const user of users) {
      const server = this.#serverOf(user)
      if (!server) {
        this.#local.watch([user])
        continue
      }
      this.#presence.watch(user, this.#listener)
      const ofServer = byServer.get(server)
      if (ofServer) ofServer.push(user)
      else byServer.set(server, [user])
      this.#watched.set(user, { server, told: this.#merged(user, server) })
    }
    for (const [server, ofServer] of byServer) server.want(ofServer)
  }

  unwatch(user: string): void {
    const watched = this.#watched.get(user)
    if (!watched) return this.#local.unwatch(user)
    this.#watched.delete(user)
    this.#presence.unwatch(user, this.#listener)
    watched.server.unwant(user)
  }

  status(user: string): PresenceStatus | undefined {
    const watched = this.#watched.get(user)
    return watched ? watched.told : this.#local.status(user)
  }

  /** What is known of these users may have changed: real changes are told. */
  update(users: readonly string[]): void {
    const changes: Change[] = []
    for (const user of users) {
      const watched = this.#watched.get(user)
      const status = watched && this.#merged(user, watched.server)
      if (!watched || status === undefined || status === watched.told) continue
      watched.told = status
      changes.push([user, status])
    }
    if (changes.length > 0) this.#changed(changes)
  }

  #merged(user: string, server: RemoteServer): PresenceStatus | undefined {
    const here = this.#presence.status(user)
    const there = server.known(user)
    if (there === undefined) return here === 'offline' ? undefined : here
    return ranks[here] > ranks[there] ? here : there
  }
}
