import type { Socket } from 'node:net'
import { ClusterError } from '../../lib/plugin.ts'
import { ByteBudget } from './byte-budget.ts'
import { Connection } from './connection.ts'
import type { ConnectionOptions } from './connection.ts'
import type { InformerAnswer } from './informer.ts'
import { Session } from './session.ts'
import type { SessionParts } from './session.ts'
import { unixAddress } from './settings.ts'
import type { ListenerSettings, Settings } from './settings.ts'

/** Connections at once, those of the informer included. */
const maxConnections = 20_000
/** How many frames of the largest size may be half there or being handled, of all connections of a kind together. */
const heldFrames = { unknown: 4, known: 64, informer: 16 }
/** A connection that says nothing is asked by the system after this time whether its peer is still there. */
const keepAliveMs = 30_000

export interface DoorOptions {
  readonly settings: Pick<Settings, 'maxFrameBytes'>
  readonly handshakeMs: number
  readonly parts: Omit<SessionParts, 'welcome'>
  /** Called for each message. */
  readonly count: () => void
}

/** Makes sessions of connections. */
export class Door {
  readonly #options: DoorOptions
  readonly #parts: SessionParts
  readonly #unknown: ByteBudget
  readonly #informer: ByteBudget
  #size = 0

  constructor(options: DoorOptions) {
    const { parts, settings: { maxFrameBytes } } = options
    this.#options = options
    this.#unknown = new ByteBudget(heldFrames.unknown * maxFrameBytes)
    this.#informer = new ByteBudget(heldFrames.informer * maxFrameBytes)
    const known = new ByteBudget(heldFrames.known * maxFrameBytes)
    this.#parts = { ...parts, welcome: (connection) => connection.moveTo(known) }
  }

  get size(): number {
    return this.#size
  }

  /** Serves a client or another server. Throws `overloaded`. */
  serve(socket: Socket, kind: ListenerSettings['kind']): void {
    this.#makeRoom()
    const address = kind === 'unix' ? unixAddress : (socket.remoteAddress ?? 'unknown')
    socket.setNoDelay(true)
    socket.setKeepAlive(true, keepAliveMs)
    new Session(this.#parts, address, this.#options.handshakeMs, (opened) => this.#connect({
      socket, address,
      budget: this.#unknown,
      received: (body) => {
        this.#options.count()
        return opened.received(body)
      },
      gone: () => opened.gone(),
      closed: () => opened.closed(),
    }))
  }

  /** Serves a handler that asks who is connected. Throws `overloaded`. */
  serveInformer(socket: Socket, answer: (body: Buffer) => InformerAnswer): void {
    this.#makeRoom()
    const connection = this.#connect({
      socket,
      address: unixAddress,
      budget: this.#informer,
      received: (body) => {
        const { frame, isLast } = answer(body)
        connection.send(frame)
        if (isLast) connection.close()
      },
      gone: () => {},
      closed: () => {},
    })
  }

  #makeRoom(): void {
    if (this.#size >= maxConnections) throw new ClusterError('overloaded', `There are ${maxConnections} connections already`)
  }

  #connect(owned: Omit<ConnectionOptions, 'maxFrameBytes' | 'pauseMs'>): Connection {
    const { handshakeMs, settings: { maxFrameBytes } } = this.#options
    this.#size += 1
    owned.socket.once('close', () => { this.#size -= 1 })
    return new Connection({ ...owned, maxFrameBytes, pauseMs: handshakeMs })
  }
}
