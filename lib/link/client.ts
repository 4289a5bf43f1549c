import { setTimeout as delay } from 'node:timers/promises'
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
  /** Bounds of the pause before a new try. */
  readonly backoff?: { baseMs: number; capMs: number }
  readonly dialDeadlineMs?: number
  /** A new conversation with the master has begun: state that the master shall know must be sent again. */
  onLink?(link: Link): void
  /** A try to connect failed; another follows, unless the failure is final. */
  onFailure?(error: ClusterError, isFinal: boolean): void
  /** Whether a failure ends the tries. The default is: an authentication failure does. */
  isFinal?(error: ClusterError): boolean
  /** Opens a transport, and gives up when the signal is aborted; replaced in tests. */
  dial?(signal: AbortSignal): Promise<Transport>
}

const defaultDialDeadlineMs = 10_000
const defaultBackoff = { baseMs: 250, capMs: 15_000 }
/** A master that has stopped in order is mostly back within this time … */
const restartMs = 30_000
/** … in which tries are at most so far apart. */
const restartPauseMs = 500

/**
 * Keeps a program connected to its master: dials, registers, resumes its session after a drop, and registers anew
 * when the master does not know the session any more. Waits between tries with capped exponential back-off and full
 * jitter, and after a drop too: all peers of a master lose it at the same moment. A master that said that it stops is
 * mostly started again, so tries are close together for a while after that.
 */
export class LinkClient {
  readonly #options: LinkClientOptions
  readonly #backoff: Backoff
  /** A connection that held for this long starts the back-off anew. */
  readonly #stableMs: number
  readonly #restartPauseMs: number
  readonly #closing = new AbortController()
  #closeReason = 'quit'
  #isRunning = false
  #hasTried = false
  #connectedAt: number | undefined
  #shutdownAt = -Infinity
  #link: Link | undefined
  #resumable: Resumable | undefined
  #onChange: () => void = () => {}

  constructor(options: LinkClientOptions) {
    this.#options = options
    const bounds = options.backoff ?? defaultBackoff
    this.#backoff = new Backoff(bounds)
    this.#stableMs = bounds.capMs
    this.#restartPauseMs = Math.min(restartPauseMs, bounds.capMs)
  }

  /** The conversation that is going on, if any; during a drop it waits for its connection to come back. */
  get link(): Link | undefined {
    return this.#link?.isOpen ? this.#link : undefined
  }

  /** Whether it keeps connected, or tries to: false before `connect` or `start`, and after a final failure or `close`. */
  get isRunning(): boolean {
    return this.#isRunning
  }

  /**
   * Connects once and gives the link, then keeps it connected. Throws why the first try failed: `unreachable`,
   * `unauthenticated`, `deadline`, `malformed`, or `link_closed`, also when the client is closed meanwhile; `conflict`
   * when it is connected or trying already.
   */
  async connect(): Promise<Link> {
    if (this.#isRunning) throw new ClusterError('conflict', 'This client connects already; wait for its link instead')
    this.#isRunning = true
    try {
      const link = await this.#connectOnce()
      void this.#keep()
      return link
    } catch (error) {
      this.#isRunning = false
      this.#throwIfClosed()
      throw error
    }
  }

  /** Keeps connected from now on, however often it fails. Does nothing when that is so already. */
  start(): void {
    if (this.#isRunning) return
    this.#isRunning = true
    void this.#keep()
  }

  /** Says goodbye and stops, whatever is going on. */
  close(reason: string): void {
    this.#closeReason = reason
    this.#closing.abort()
    this.#link?.close(reason)
    this.#onChange()
  }

  async #keep(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      if (this.#link?.isConnected) await new Promise<void>((resolve) => { this.#onChange = resolve })
      else if (await this.#hasGivenUp()) break
    }
    this.#isRunning = false
  }

  /** Tries once to connect, after a pause. True when no more is to be tried. */
  async #hasGivenUp(): Promise<boolean> {
    await this.#pause()
    if (this.#closing.signal.aborted) return true
    try {
      await this.#connectOnce()
      return false
    } catch (error) {
      if (this.#closing.signal.aborted) return true
      const known = ClusterError.from(error)
      const isFinal = this.#options.isFinal?.(known) ?? known.code === 'unauthenticated'
      if (isFinal) this.#resumable?.session.end(known.message, 'link_closed')
      this.#options.onFailure?.(known, isFinal)
      return isFinal
    }
  }

  async #connectOnce(): Promise<Link> {
    const { url, dialect, registry, registration, settings = defaultChannelSettings, ca, dialDeadlineMs: deadlineMs = defaultDialDeadlineMs } = this.#options
    const { signal } = this.#closing
    this.#hasTried = true
    this.#connectedAt = undefined
    this.#throwIfClosed()
    const transport = await (this.#options.dial?.(signal) ?? dial(url, { dialect, deadlineMs, ca, signal }))
    const end = (): void => transport.terminate()
    signal.addEventListener('abort', end)
    try {
      if (signal.aborted) end()
      const connected = await greetMaster(new Connection(transport), { dialect, registry, settings, handshakeDeadlineMs: deadlineMs, registration }, this.#resumable)
      this.#throwIfClosed()
      this.#resumable = connected.resumable
      this.#connectedAt = performance.now()
      return connected.isResumed && this.#link ? this.#link : this.#begin(connected.channel)
    } finally {
      signal.removeEventListener('abort', end)
    }
  }

  #begin(channel: Link['channel']): Link {
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
          this.#onChange()
          owner.connected?.(isConnected, from)
        },
        closed: (reason, from) => {
          if (reason === 'shutdown') this.#shutdownAt = performance.now()
          this.#onChange()
          owner.closed?.(reason, from)
        },
      },
    })
    this.#link = link
    onLink?.(link)
    return link
  }

  /** Waits before every try but the first. */
  async #pause(): Promise<void> {
    if (!this.#hasTried) return
    if (this.#connectedAt !== undefined && performance.now() - this.#connectedAt >= this.#stableMs) this.#backoff.reset()
    // Rejects when the client is closed, which its caller looks at.
    await delay(this.#pauseMs(), undefined, { signal: this.#closing.signal }).catch(() => {})
  }

  #pauseMs(): number {
    const isRestarting = performance.now() - this.#shutdownAt < restartMs
    return isRestarting ? Math.floor(Math.random() * this.#restartPauseMs) : this.#backoff.next()
  }

  #throwIfClosed(): void {
    if (this.#closing.signal.aborted) throw new ClusterError('link_closed', `The client was closed: ${this.#closeReason}`)
  }
}
