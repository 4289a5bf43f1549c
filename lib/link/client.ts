import { ClusterError } from '../errors/cluster-error.ts'
import { Backoff } from '../net/backoff.ts'
import { defaultChannelSettings } from './channel.ts'
import type { ChannelSettings, Dialect } from './channel.ts'
import { Connection } from './connection.ts'
import { greetMaster } from './handshake/connect.ts'
import type { Resumable } from './handshake/connect.ts'
import type { Registration } from './handshake/shapes.ts'
import { Link } from './link.ts'
import type { LinkObserver, LinkOwner } from './link.ts'
import type { Registry } from './registry.ts'
import { dial } from './transport/dial.ts'
import type { Transport } from './transport/transport.ts'

export interface LinkClientOptions {
  readonly url: string
  readonly dialect: Dialect
  readonly registry: Registry
  readonly registration: Registration
  readonly owner: LinkOwner
  readonly observer?: LinkObserver
  readonly settings?: ChannelSettings
  readonly ca?: string | undefined
  readonly backoff?: { baseMs: number; capMs: number }
  readonly dialDeadlineMs?: number
  /** A new conversation with the master has begun: state that the master shall know must be sent again. */
  onLink?(link: Link): void
  /** A try to connect failed; another follows, unless the failure is final. */
  onFailure?(error: ClusterError, isFinal: boolean): void
  /** Whether a failure ends the tries. The default is: an authentication failure does. */
  isFinal?(error: ClusterError): boolean
  /** Opens a transport; replaced in tests. */
  dial?(): Promise<Transport>
}

const defaultDialDeadlineMs = 10_000

/**
 * Keeps a program connected to its master: dials, registers, resumes its session after a drop, and registers anew
 * when the master does not know the session any more. Waits between tries with capped exponential back-off and full
 * jitter.
 */
export class LinkClient {
  readonly #options: LinkClientOptions
  readonly #backoff
  #link: Link | undefined
  #resumable: Resumable | undefined
  #wake: (() => void) | undefined
  #isClosed = false
  #connectionEnded: Promise<void> = Promise.resolve()
  #onDrop: () => void = () => {}

  constructor(options: LinkClientOptions) {
    this.#options = options
    this.#backoff = new Backoff(options.backoff ?? { baseMs: 250, capMs: 15_000 })
  }

  /** The conversation that is going on, if any; during a drop it waits for its connection to come back. */
  get link(): Link | undefined {
    return this.#link?.isOpen ? this.#link : undefined
  }

  /** Connects once and gives the link, then keeps it connected. Throws why the first try failed. */
  async connect(): Promise<Link> {
    await this.#connectOnce()
    void this.#keep()
    const link = this.#link
    if (!link) throw new ClusterError('link_closed', 'The connection ended as soon as it was made')
    return link
  }

  /** Keeps connected from now on, however often it fails. */
  start(): void {
    void this.#keep()
  }

  /** Says goodbye and stops. */
  close(reason: string): void {
    this.#isClosed = true
    this.#link?.close(reason)
    this.#wake?.()
  }

  async #keep(): Promise<void> {
    while (!this.#isClosed) {
      await this.#connectionEnded
      if (this.#isClosed) return
      try {
        await this.#connectOnce()
        this.#backoff.reset()
      } catch (error) {
        const known = ClusterError.from(error)
        const isFinal = this.#options.isFinal?.(known) ?? known.code === 'unauthenticated'
        this.#options.onFailure?.(known, isFinal)
        if (isFinal) return this.#giveUp(known)
        await this.#pause(this.#backoff.next())
      }
    }
  }

  async #connectOnce(): Promise<void> {
    const { url, dialect, registry, registration, settings = defaultChannelSettings, ca, dialDeadlineMs: deadlineMs = defaultDialDeadlineMs } = this.#options
    const transport = await (this.#options.dial?.() ?? dial(url, { dialect, deadlineMs, ca }))
    const connection = new Connection(transport)
    // Set before the session goes on, so that a connection that ends at once is seen.
    const previousEnd = this.#connectionEnded
    this.#connectionEnded = new Promise((resolve) => { this.#onDrop = resolve })
    try {
      const connected = await greetMaster(connection, { dialect, registry, settings, handshakeDeadlineMs: deadlineMs, registration }, this.#resumable)
      this.#resumable = connected.resumable
      if (!connected.isResumed) this.#begin(connected.channel)
    } catch (error) {
      this.#connectionEnded = previousEnd
      throw error
    }
  }

  #begin(channel: Link['channel']): void {
    const { registration, registry, owner, observer, onLink } = this.#options
    const link = new Link(channel, {
      self: registration.role,
      peer: 'master',
      registry,
      ...(observer ? { observer } : {}),
      owner: {
        answer: (definition, request, from) => owner.answer(definition, request, from),
        accept: (definition, event, from) => owner.accept(definition, event, from),
        connected: (isConnected, from) => {
          if (!isConnected) this.#onDrop()
          owner.connected?.(isConnected, from)
        },
        closed: (reason, from) => {
          if (this.#link === from) this.#onDrop()
          owner.closed?.(reason, from)
        },
      },
    })
    this.#link = link
    if (this.#isClosed) link.close('quit')
    else onLink?.(link)
  }

  #giveUp(error: ClusterError): void {
    this.#resumable?.session.end(error.message, 'link_closed')
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
