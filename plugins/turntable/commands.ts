import type { HeldBytes, Pressure, Publication, Topics } from '../../lib/plugin.ts'
import { correctGame } from './actions.ts'
import type { Channels } from './channels.ts'
import { message } from './codec.ts'
import type { Command } from './codec.ts'
import { CloseCode } from './connection.ts'
import type { Connection } from './connection.ts'
import type { KeptInvites } from './invites.ts'
import { reckoned } from './limits.ts'
import { isHash, isName, namesOf } from './names.ts'
import { isStatus } from './peer-reports.ts'
import type { PeerReports } from './peer-reports.ts'
import type { Peers } from './peers.ts'
import type { StatusFeed } from './status-feed.ts'
import type { Users } from './users.ts'

export interface CommandParts {
  readonly topics: Topics
  readonly users: Users
  readonly channels: Channels
  readonly invites: KeptInvites
  readonly held: HeldBytes<Connection>
  readonly pressure: Pressure<Connection>
  readonly peers: Peers
  readonly reports: PeerReports
  /** Statuses for clients, and those for servers, which are told only what is known here. */
  readonly feed: StatusFeed
  readonly peerFeed: StatusFeed
  readonly toleranceMs: number
  readonly now: () => number
}

type Handler = (connection: Connection, data: unknown) => void

/** What this server does with the commands of connections. */
export class Commands {
  readonly #parts: CommandParts
  readonly #handlers: ReadonlyMap<string, Handler>

  constructor(parts: CommandParts) {
    this.#parts = parts
    this.#handlers = new Map<string, Handler>([
      ['idme', (connection, data) => this.#identify(connection, data)],
      ['subscribe', (connection, data) => this.#subscribe(connection, data)],
      ['joingame', (connection, data) => this.#join(connection, data)],
      ['invite', (connection, data) => this.#invite(connection, data)],
      ['game', (connection, data) => this.#game(connection, data)],
      ['whothere', (connection) => this.#tell(connection, parts.users.list)],
      ['userbind', (connection, data) => this.#bindOfPeer(connection, data)],
      ['userchange', (connection, data) => this.#reportOfPeer(connection, data)],
    ])
  }

  /** False where there is no such command. */
  run(connection: Connection, { name, data }: Command): boolean {
    const handler = this.#handlers.get(name)
    handler?.(connection, data)
    // Who asks faster than he reads waits.
    this.#parts.pressure.published(connection, 1, (receiver) => receiver === connection)
    return handler !== undefined
  }

  /** Frees all that a connection holds. Its users go offline before they leave their games: that is told once. */
  leave(connection: Connection): void {
    const { feed, peerFeed, users, channels, reports, held, peers } = this.#parts
    feed.leave(connection)
    peerFeed.leave(connection)
    users.leave(connection)
    for (const { channel, self } of channels.leave(connection)) peers.of(self)?.bind(self, channel, false)
    reports.leave(connection)
    held.leave(connection)
  }

  #identify(connection: Connection, id: unknown): void {
    const { users, invites } = this.#parts
    if (!isName(id)) return connection.close(CloseCode.normal, 'idme needs a user id')
    const holder = users.find(id)
    if (holder === connection) return
    if (holder) return connection.close(CloseCode.normal, 'This user is connected already')
    if (!this.#take(connection, bytesOf(reckoned.id, id))) return
    users.bind(id, connection)
    connection.identified()
    for (const channel of invites.take(id)) this.#tell(connection, invitation(id, channel))
  }

  #subscribe(connection: Connection, data: unknown): void {
    const { feed, peerFeed, peers } = this.#parts
    const ownFeed = connection.standing.isServer ? peerFeed : feed
    const users = namesOf(data)
    let bytes = 0
    for (const user of users) {
      if (ownFeed.isSubscribed(user, connection)) continue
      bytes += bytesOf(reckoned.subscription, user)
      if (ownFeed === feed && peers.of(user)) bytes += bytesOf(reckoned.remote, user)
    }
    if (!this.#take(connection, bytes)) return
    ownFeed.subscribe(users, connection)
  }

  #join(connection: Connection, data: unknown): void {
    const { channels, peers } = this.#parts
    if (!isHash(data) || !isName(data.channel)) return
    const { channel, self, invite } = data
    if (!isName(self)) return connection.close(CloseCode.normal, 'joingame needs self')
    const holder = channels.find({ channel, self })
    if (holder === connection) return
    if (holder) return connection.close(CloseCode.normal, 'This user is in this channel already')
    if (!this.#take(connection, bytesOf(reckoned.seat, self + channel))) return
    channels.join({ channel, self }, connection)
    connection.identified()
    peers.of(self)?.bind(self, channel, true)
    for (const user of namesOf(invite)) this.#inviteUser(user, channel, true)
  }

  #invite(connection: Connection, data: unknown): void {
    if (isHash(data) && isName(data.user) && isName(data.channel)) this.#inviteUser(data.user, data.channel, !connection.standing.isServer)
  }

  /** Brings an invite to a user here, or to the server that he belongs to; what a server sends goes no further. */
  #inviteUser(user: string, channel: string, mayForward: boolean): void {
    const { users, invites, peers } = this.#parts
    const connection = users.find(user)
    const peer = mayForward ? peers.of(user) : undefined
    if (connection) this.#tell(connection, invitation(user, channel))
    else if (peer) peer.invite(user, channel)
    else invites.keep(user, channel)
  }

  #game(connection: Connection, data: unknown): void {
    const { channels, pressure, toleranceMs, now } = this.#parts
    if (!isHash(data) || !isName(data.channel)) return
    const { channel } = data
    if (!channels.isMember(channel, connection)) return
    const corrected = correctGame(data, {
      nowMs: now(), toleranceMs,
      isSender: (self) => channels.find({ channel, self }) === connection,
    })
    if (corrected === undefined) return
    const count = channels.publish(channel, message('game', corrected))
    pressure.published(connection, count, (receiver) => channels.isMember(channel, receiver))
  }

  #bindOfPeer(connection: Connection, data: unknown): void {
    if (!connection.standing.isPeer || !isHash(data) || !isName(data.user) || !isName(data.channel) || typeof data.bound !== 'boolean') return
    this.#parts.reports.bind(connection, { user: data.user, channel: data.channel, isBound: data.bound })
  }

  #reportOfPeer(connection: Connection, data: unknown): void {
    if (!connection.standing.isPeer || !isHash(data)) return
    for (const [user, status] of Object.entries(data)) {
      if (isName(user) && isStatus(status)) this.#parts.reports.report(connection, user, status)
    }
  }

  /** Counts what is kept for a connection. One that has too much is closed, or another that has more, where all have too much. */
  #take(connection: Connection, bytes: number): boolean {
    const { held } = this.#parts
    if (connection.standing.isPeer) {
      // It asks for what its own clients ask for, who are bounded there.
      held.force(connection, bytes)
    } else if (!held.take(connection, bytes)) {
      connection.close(CloseCode.tryAgainLater, 'Too many ids, subscriptions or channels')
      return false
    }
    const { largest } = held
    largest?.close(CloseCode.tryAgainLater, 'There is no room for so many ids, subscriptions or channels')
    return largest !== connection
  }

  #tell(connection: Connection, publication: Publication): void {
    this.#parts.topics.publishTo([connection], publication)
  }
}

function invitation(user: string, channel: string): Publication {
  return message('invite', { user, channel })
}

function bytesOf({ base, perUnit }: { readonly base: number; readonly perUnit: number }, name: string): number {
  return base + perUnit * name.length
}
