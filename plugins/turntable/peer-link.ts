import { Backoff } from '../../lib/plugin.ts'
import type { Logger, PresenceStatus } from '../../lib/plugin.ts'
import type { Command } from './codec.ts'
import type { HeartbeatSettings } from './heartbeat.ts'
import { limits } from './limits.ts'
import { isHash, partsOf } from './names.ts'
import { PeerSocket } from './peer-socket.ts'
import { isStatus } from './peer-reports.ts'
import type { RemoteServer } from './statuses.ts'

/** Users beyond those wanted that a connection may be subscribed to: the protocol has no way to end a subscription. */
const maxStale = 50_000

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
  /** Users that the present connection is subscribed to, and those of them that it has told of. */
  readonly #asked = new Set<string>()
  readonly #answered = new Set<string>()
  readonly #seats = new Map<string, Seat>()
  readonly #players = new Map<string, PresenceStatus>()
  readonly #invites = new Set<Seat & { readonly until: number }>()
  readonly #timers = new Set<NodeJS.Timeout>()
  #socket: PeerSocket | undefined
  #retry: NodeJS.Timeout | undefined
  #isClosed = false
  #isReported = false

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
    for (const user of users) this.#wanted.add(user)
    if (this.#asked.size > this.#wanted.size + maxStale) this.#socket?.terminate()
    const unasked = users.filter((user) => !this.#asked.has(user))
    if (unasked.length === 0) return
    this.#connect()
    if (this.isOpen) this.#ask(unasked)
    this.#expect(unasked)
  }

  unwant(user: string): void {
    this.#wanted.delete(user)
    // While the connection is subscribed it tells of him all the same: what it says stays good.
    if (!this.#asked.has(user)) this.#known.delete(user)
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
    for (const timer of this.#timers) clearTimeout(timer)
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
    this.#expect([...this.#wanted])
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
    this.#answered.clear()
    for (const user of this.#known.keys()) {
      if (!this.#wanted.has(user)) this.#known.delete(user)
    }
    const hasNeed = this.#wanted.size + this.#seats.size + this.#players.size + this.#invites.size > 0
    if (this.#isClosed || !hasNeed) return
    if (!this.#isReported) log.warn(`The turntable server ${url} cannot be reached; trying again`, { reason })
    this.#isReported = true
    // A server that is back soon has changed nothing; after the deadline its users are offline.
    this.#expect([...this.#wanted])
    this.#retry = setTimeout(() => {
      this.#retry = undefined
      this.#connect()
    }, this.#backoff.next())
  }

  #ask(users: readonly string[]): void {
    for (const user of users) this.#asked.add(user)
    for (const part of partsOf(users, (user) => user.length)) this.#socket?.send('subscribe', part)
  }

  /** Those that are not told of within the deadline are offline. */
  #expect(users: readonly string[]): void {
    if (users.length === 0) return
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      this.#learn(users.filter((user) => !this.#answered.has(user)).map((user) => [user, 'offline']))
    }, limits.answerDeadlineMs)
    this.#timers.add(timer)
  }

  #received({ name, data }: Command): void {
    if (name !== 'userchange' || !isHash(data)) return
    const told: [string, PresenceStatus][] = []
    for (const [user, status] of Object.entries(data)) {
      if (!this.#asked.has(user) || !isStatus(status)) continue
      this.#answered.add(user)
      told.push([user, status])
    }
    this.#learn(told)
  }

  #learn(told: readonly (readonly [string, PresenceStatus])[]): void {
    for (const [user, status] of told) {
      if (this.#asked.has(user) || this.#wanted.has(user)) this.#known.set(user, status)
    }
    this.#options.changed(told.map(([user]) => user))
  }
}
