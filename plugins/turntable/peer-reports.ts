import type { Presence, PresenceStatus } from '../../lib/plugin.ts'
import type { Connection } from './connection.ts'
import { limits } from './limits.ts'

const statuses: ReadonlySet<unknown> = new Set<PresenceStatus>(['offline', 'online', 'busy'])

export function isStatus(value: unknown): value is PresenceStatus {
  return statuses.has(value)
}

interface Said {
  /** Users whom that server sees, the source of their presence being this set itself. */
  readonly users: Set<string>
  /** Users who sit in its channels. */
  readonly seats: Map<string, { readonly user: string; readonly source: object }>
}

/** What other servers say of users, each on its connection, and for as long as it lasts. */
export class PeerReports {
  readonly #presence: Presence
  readonly #said = new Map<Connection, Said>()

  constructor(presence: Presence) {
    this.#presence = presence
  }

  /** A user sits in a channel of that server, so that he is busy while he is online; or he has left it. */
  bind(connection: Connection, { user, channel, isBound }: { user: string; channel: string; isBound: boolean }): void {
    const { seats } = this.#of(connection)
    const key = JSON.stringify([user, channel])
    const seat = seats.get(key)
    if (isBound && !seat && seats.size < limits.reportsPerPeer) {
      const source = {}
      seats.set(key, { user, source })
      this.#presence.setBusy(user, source, false)
    } else if (!isBound && seat) {
      seats.delete(key)
      this.#presence.clearBusy(user, seat.source)
    }
  }

  /** That server sees a user, in a game of its cluster for example. */
  report(connection: Connection, user: string, status: PresenceStatus): void {
    const { users } = this.#of(connection)
    if (status === 'offline') users.delete(user)
    else if (users.size < limits.reportsPerPeer) users.add(user)
    else return
    this.#presence.report(user, users, status)
  }

  leave(connection: Connection): void {
    const said = this.#said.get(connection)
    if (!said) return
    this.#said.delete(connection)
    for (const user of said.users) this.#presence.report(user, said.users, 'offline')
    for (const { user, source } of said.seats.values()) this.#presence.clearBusy(user, source)
  }

  #of(connection: Connection): Said {
    let said = this.#said.get(connection)
    if (!said) this.#said.set(connection, said = { users: new Set(), seats: new Map() })
    return said
  }
}
