import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { WebSocketConnection } from '../../lib/plugin.ts'
import type { Congestible, HeartbeatSettings, Holdable, Pressure, Subscriber } from '../../lib/plugin.ts'
import { message, readCommand } from './codec.ts'
import type { Command, Form } from './codec.ts'
import { limits } from './limits.ts'
import type { Standing } from './peer-check.ts'

/** Close codes of this door (RFC 6455, 7.4.1; 1009 is sent by the WebSocket itself). */
export const CloseCode = { normal: 1000, goingAway: 1001, tryAgainLater: 1013 } as const
export type CloseCode = (typeof CloseCode)[keyof typeof CloseCode]

export interface ConnectionOwner {
  received(connection: Connection, command: Command): void
  /** A frame that said nothing that could be understood. */
  ignored(): void
  /** A command could not be handled. */
  failed(connection: Connection, error: unknown): void
  /** Called once, as soon as nothing more is read of it. */
  left(connection: Connection): void
}

export interface ConnectionOptions {
  readonly ws: WebSocket
  /** The connection under `ws`. */
  readonly socket: Duplex
  readonly address: string
  readonly form: Form
  readonly standing: Standing
  readonly heartbeat: HeartbeatSettings
  readonly owner: ConnectionOwner
  readonly pressure: Pressure<Connection>
  /** Called when it has shown who it is. */
  readonly identified: () => void
}

const greeting = message('idyou', {})

/** Somebody's connection, from the upgrade to the end. */
export class Connection implements Subscriber, Congestible, Holdable {
  readonly form: Form
  readonly address: string
  readonly standing: Standing
  readonly identified: () => void
  isStalled = false
  readonly #connection: WebSocketConnection
  readonly #pressure: Pressure<Connection>

  constructor({ ws, socket, address, form, standing, heartbeat, owner, pressure, identified }: ConnectionOptions) {
    this.form = form
    this.address = address
    this.standing = standing
    this.identified = identified
    this.#pressure = pressure
    this.#connection = new WebSocketConnection({
      ws, socket, heartbeat, goodbyeMs: limits.closeDeadlineMs,
      events: {
        message: (frame, isBinary) => {
          const command = isBinary === (form === 'message-pack') ? readCommand(form, frame) : undefined
          if (command) owner.received(this, command)
          else owner.ignored()
        },
        failed: (error) => owner.failed(this, error),
        drained: () => pressure.relieved(this),
        ended: () => {
          pressure.relieved(this)
          pressure.forget(this)
          owner.left(this)
        },
      },
    })
    this.deliver(greeting.in(form))
  }

  get bufferedBytes(): number {
    return this.#connection.bufferedBytes
  }

  /** Takes a finished frame, as publications of this door are. */
  deliver(frame: string | Buffer): void {
    this.#connection.send(frame as Buffer)
    if (this.#connection.queuedBytes > this.#pressure.congestedBytes) this.#pressure.congested(this)
  }

  overflowed(): void {
    this.close(CloseCode.tryAgainLater, 'Too slow: messages are not read as fast as they come')
  }

  /** Reads nothing more of it until `release`. */
  hold(): void {
    this.#connection.hold()
  }

  release(): void {
    this.#connection.release()
  }

  /** Ends it: nothing more is read, and what it holds is free before anything else is. */
  close(code: CloseCode, reason: string): void {
    this.#connection.close(code, reason)
  }

  terminate(): void {
    this.#connection.terminate()
  }
}
