import type { Presence, Publication, Topics } from '../../lib/plugin.ts'
import type { Connection } from './connection.ts'

/** A member of a channel. */
export interface Seat {
  readonly channel: string
  readonly self: string
}

/** Game channels: who sits in them, on which connection. A channel is there as long as somebody is in it. */
export class Channels {
  readonly #topics: Topics
  readonly #presence: Presence
  readonly #channels = new Map<string, Map<string, Connection>>()
  readonly #seats = new Map<Connection, Seat[]>()

  constructor(topics: Topics, presence: Presence) {
    this.#topics = topics
    this.#presence = presence
  }

  get size(): number {
    return this.#channels.size
  }

  /** The connection that a member of a channel sits on. */
  find({ channel, self }: Seat): Connection | undefined {
    return this.#channels.get(channel)?.get(self)
  }

  isMember(channel: string, connection: Connection): boolean {
    return this.#topics.isSubscribed(topicOf(channel), connection)
  }

  /** Seats a user; his seat must be free. He is busy from now on, where he is online. */
  join(seat: Seat, connection: Connection): void {
    const { channel, self } = seat
    const members = this.#channels.get(channel) ?? new Map<string, Connection>()
    this.#channels.set(channel, members.set(self, connection))
    const seats = this.#seats.get(connection)
    if (seats) seats.push(seat)
    else this.#seats.set(connection, [seat])
    this.#topics.subscribe(topicOf(channel), connection)
    this.#presence.setBusy(self, topicOf(channel), false)
  }

  /** Takes a connection out of all channels, and gives the seats that it had. */
  leave(connection: Connection): readonly Seat[] {
    const seats = this.#seats.get(connection) ?? []
    this.#seats.delete(connection)
    for (const { channel, self } of seats) {
      const members = this.#channels.get(channel)
      members?.delete(self)
      if (members?.size === 0) this.#channels.delete(channel)
      this.#topics.unsubscribe(topicOf(channel), connection)
      this.#presence.clearBusy(self, topicOf(channel))
    }
    return seats
  }

  /** Gives a message to every connection that is in a channel, and returns to how many. */
  publish(channel: string, publication: Publication): number {
    return this.#topics.publish(topicOf(channel), publication)
  }
}

function topicOf(channel: string): string {
  return `turntable:channel:${channel}`
}
