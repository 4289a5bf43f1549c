import type { Publication, Topics } from '../../lib/plugin.ts'
import { correctGame } from './actions.ts'
import type { Budget } from './budget.ts'
import type { Channels } from './channels.ts'
import { message } from './codec.ts'
import type { Command } from './codec.ts'
import { CloseCode } from './connection.ts'
import type { Connection } from './connection.ts'
import type { KeptInvites } from './invites.ts'
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
  readonly budget: Budget
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
    return handler !== undefined
  }

  /** Frees all that a connection holds. Its users go offline before they leave their games: that is told once. */
  leave(connection: Connection): void {
    const { feed, peerFeed, users, channels, reports, budget, peers } = this.#parts
    feed.leave(connection)
    peerFeed.leave(connection)
    users.leave(connection)
    for (const { channel, self } of channels.leave(connection)) peers.of(self)?.bind(self, channel, false)
    reports.leave(connection)
    budget.leave(connection)
  }

  #identify(connection: Connection, id: unknown): void {
    const { users, invites } = this.#parts
    if (!isName(id)) return connection.close(CloseCode.normal, 'idme needs a user id')
    const holder = users.find(id)
    if (holder === connection) return
    if (holder) return connection.close(CloseCode.normal, 'This user is connected already')
    if (!this.#take(connection, id)) return
    users.bind(id, connection)
    connection.identified()
    for (const channel of invites.take(id)) this.#tell(connection, invitation(id, channel))
  }

  #subscribe(connection: Connection, data: unknown): void {
    const { feed, peerFeed } = this.#parts
    const ownFeed = connection.standing.isServer ? peerFeed : feed
    const users = namesOf(data)
    for (const user of users) {
      if (!ownFeed.isSubscribed(user, connection) && !this.#take(connection, user)) return
    }
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
    if (!this.#take(connection, self) || !this.#take(connection, channel)) return
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
    const { channels, toleranceMs, now } = this.#parts
    if (!isHash(data) || !isName(data.channel)) return
    const { channel } = data
    if (!channels.isMember(channel, connection)) return
    const corrected = correctGame(data, {
      nowMs: now(), toleranceMs,
      isSender: (self) => channels.find({ channel, self }) === connection,
    })
    if (corrected !== undefined) channels.publish(channel, message('game', corrected))
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

  /** Counts a name that is held for a connection; one that holds too much is closed. */
  #take(connection: Connection, name: string): boolean {
    const isTaken = this.#parts.budget.take(connection, name)
    if (!isTaken) connection.close(CloseCode.tryAgainLater, 'Too many ids, subscriptions or channels')
    return isTaken
  }

  #tell(connection: Connection, publication: Publication): void {
    this.#parts.topics.publishTo([connection], publication)
  }
}

function invitation(user: string, channel: string): Publication {
  return message('invite', { user, channel })
}
