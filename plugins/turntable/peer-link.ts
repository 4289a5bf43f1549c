import { Backoff } from '../../lib/plugin.ts'
import type { HeartbeatSettings, Logger, PresenceStatus } from '../../lib/plugin.ts'
import type { Command } from './codec.ts'
import { Deadlines } from './deadlines.ts'
import { limits, reckoned } from './limits.ts'
import { isHash, partsOf } from './names.ts'
import { PeerSocket } from './peer-socket.ts'
import { isStatus } from './peer-reports.ts'
import type { RemoteServer } from './statuses.ts'

export interface PeerLinkOptions {
  readonly url: string
  readonly secret: string | undefined
  readonly heartbeat: HeartbeatSettings
  readonly inviteTtlMs: number
  readonly log: Logger
  /** What is known of these users has changed. */
  readonly changed: (users: readonly string[]) => void
}

interface Seat { readonly user: string; readonly channel: string }

/**
 * What this server has to do with another one: whose statuses it wants to know, who of its users sits in a channel here
 * or plays here, and invites for them. The connection is made when there is something to say, and made anew while
 * there is; then all of it is said again.
 */
export class PeerLink implements RemoteServer {
  readonly #options: PeerLinkOptions
  readonly #backoff = new Backoff({ baseMs: 100, capMs: 2_000 })
  readonly #wanted = new Set<string>()
  readonly #known = new Map<string, PresenceStatus>()
  /** Users that the present connection is subscribed to. */
  readonly #asked = new Set<string>()
  /** Users of whom nothing has been heard since they were asked for, or since the connection was lost. */
  readonly #awaited = new Deadlines<string>(limits.answerDeadlineMs, (users) => this.#learn(users.map((user) => [user, 'offline'])))
  readonly #seats = new Map<string, Seat>()
  readonly #players = new Map<string, PresenceStatus>()
  readonly #invites = new Set<Seat & { readonly until: number }>()
  /** Memory for users that the connection is subscribed to and nobody wants any more. */
  #staleBytes = 0
  #socket: PeerSocket | undefined
  #retry: NodeJS.Timeout | undefined
  #isClosed = false
  #isReported = false
  /** Whether something was heard since the connection was last made. */
  #hasAnswered = true

  constructor(options: PeerLinkOptions) {
    this.#options = options
  }

  get isOpen(): boolean {
    return this.#socket?.isOpen ?? false
  }

  known(user: string): PresenceStatus | undefined {
    return this.#known.get(user)
  }

  want(users: readonly string[]): void {
    const unasked: string[] = []
    for (const user of users) {
      if (!this.#asked.has(user)) unasked.push(user)
      else if (!this.#wanted.has(user)) this.#staleBytes -= bytesOf(user)
      this.#wanted.add(user)
    }
    if (unasked.length === 0) return
    this.#connect()
    if (this.isOpen) this.#ask(unasked)
    this.#awaited.add(unasked)
  }

  unwant(user: string): void {
    if (!this.#wanted.delete(user)) return
    if (this.#asked.has(user)) {
      // While the connection is subscribed it tells of him all the same: what it says stays good.
      this.#staleBytes += bytesOf(user)
      if (this.#staleBytes > limits.staleBytes) this.#socket?.terminate()
    } else {
      this.#known.delete(user)
      this.#awaited.delete(user)
    }
  }

  /** A user took a seat in a channel of this server, or left it. */
  bind(user: string, channel: string, isBound: boolean): void {
    const key = JSON.stringify([user, channel])
    if (isBound) this.#seats.set(key, { user, channel })
    else this.#seats.delete(key)
    if (isBound) this.#connect()
    this.#socket?.send('userbind', { user, channel, bound: isBound })
  }

  /** A user is in a game that this cluster runs, or no longer. */
  report(user: string, isPlaying: boolean): void {
    if (isPlaying) this.#players.set(user, 'busy')
    else this.#players.delete(user)
    if (isPlaying) this.#connect()
    this.#socket?.send('userchange', Object.fromEntries([[user, isPlaying ? 'busy' : 'offline']]))
  }

  invite(user: string, channel: string): void {
    if (this.isOpen) {
      this.#socket?.send('invite', { user, channel })
      return
    }
    this.#invites.add({ user, channel, until: Date.now() + this.#options.inviteTtlMs })
    const [oldest] = this.#invites
    if (oldest && this.#invites.size > limits.peerInvites) this.#invites.delete(oldest)
    this.#connect()
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#retry)
    this.#awaited.close()
    this.#socket?.close()
  }

  #connect(): void {
    if (this.#isClosed || this.#socket || this.#retry) return
    const { url, secret, heartbeat } = this.#options
    this.#socket = new PeerSocket(url, secret, heartbeat, {
      opened: () => this.#opened(),
      received: (command) => this.#received(command),
      closed: (reason) => this.#lost(reason),
    })
  }

  #opened(): void {
    const { url, log } = this.#options
    log.info(`Connected with the turntable server ${url}`)
    this.#isReported = false
    this.#backoff.reset()
    this.#ask([...this.#wanted])
    // Those who were known are given time to be told of again; but not each time anew by a server that says nothing.
    if (this.#hasAnswered) this.#awaited.renew((user) => this.#known.has(user))
    this.#hasAnswered = false
    for (const { user, channel } of this.#seats.values()) this.#socket?.send('userbind', { user, channel, bound: true })
    for (const part of partsOf([...this.#players], ([user]) => user.length)) this.#socket?.send('userchange', Object.fromEntries(part))
    const now = Date.now()
    for (const { user, channel, until } of this.#invites) {
      if (until > now) this.#socket?.send('invite', { user, channel })
    }
    this.#invites.clear()
  }

  #lost(reason: string): void {
    const { url, log } = this.#options
    this.#socket = undefined
    this.#asked.clear()
    this.#staleBytes = 0
    for (const user of this.#known.keys()) {
      if (!this.#wanted.has(user)) this.#known.delete(user)
    }
    this.#awaited.keep((user) => this.#wanted.has(user))
    const hasNeed = this.#wanted.size + this.#seats.size + this.#players.size + this.#invites.size > 0
    if (this.#isClosed || !hasNeed) return
    if (!this.#isReported) log.warn(`The turntable server ${url} cannot be reached; trying again`, { reason })
    this.#isReported = true
    // A server that is back soon has changed nothing; after the deadline its users are offline.
    this.#awaited.add(this.#wanted)
    this.#retry = setTimeout(() => {
      this.#retry = undefined
      this.#connect()
    }, this.#backoff.next())
  }

  #ask(users: readonly string[]): void {
    for (const user of users) this.#asked.add(user)
    for (const part of partsOf(users, (user) => user.length)) this.#socket?.send('subscribe', part)
  }

  #received({ name, data }: Command): void {
    if (name !== 'userchange' || !isHash(data)) return
    const told: [string, PresenceStatus][] = []
    for (const [user, status] of Object.entries(data)) {
      if (!this.#asked.has(user) || !isStatus(status)) continue
      this.#awaited.delete(user)
      told.push([user, status])
    }
    if (told.length > 0) this.#hasAnswered = true
    this.#learn(told)
  }

  #learn(told: readonly (readonly [string, PresenceStatus])[]): void {
    for (const [user, status] of told) {
      if (this.#asked.has(user) || this.#wanted.has(user)) this.#known.set(user, status)
    }
    this.#options.changed(told.map(([user]) => user))
  }
}

function bytesOf(user: string): number {
  return reckoned.remote.base + reckoned.subscription.perUnit * user.length
}
