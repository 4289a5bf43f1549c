import type { Client } from './client.ts'
import type { Groups } from './groups.ts'
import type { Roster } from './roster.ts'
import { hello } from './wire/encode.ts'

/** Lets clients in and out, in the order in which the others are to hear of it. */
export class Hall {
  readonly roster: Roster
  readonly groups: Groups
  readonly #onLeft: (client: Client) => void

  constructor(roster: Roster, groups: Groups, onLeft: (client: Client) => void) {
    this.roster = roster
    this.groups = groups
    this.#onLeft = onLeft
  }

  /** False when the name is taken. The others hear of the client before it gets its HELLO. */
  enter(client: Client): boolean {
    if (!this.roster.claim(client)) return false
    this.roster.join(client)
    this.roster.send(client, () => hello(client.uuid))
    return true
  }

  /** Takes out a client that is gone: its subscriptions, its groups, then itself. */
  leave(client: Client): void {
    const subscriptions = this.groups.subscriptionsOf(client)
    this.roster.remove(client)
    this.groups.leave(client, subscriptions)
    this.roster.announceLeft(client)
    this.#onLeft(client)
  }
}
