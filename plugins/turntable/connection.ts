import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import type { Publication, Subscriber } from '../../lib/plugin.ts'
import { message, readCommand } from './codec.ts'
import type { Command, Form } from './codec.ts'
import { Heartbeat } from './heartbeat.ts'
import type { HeartbeatSettings } from './heartbeat.ts'
import { limits } from './limits.ts'
import type { Standing } from './peer-check.ts'

/** Close codes of this door (RFC 6455, 7.4.1; 1009 is sent by the WebSocket itself). */
export const CloseCode = { normal: 1000, goingAway: 1001, tryAgainLater: 1013 } as const
export type CloseCode = (typeof CloseCode)[keyof typeof CloseCode]

export interface ConnectionOwner {
  received(connection: Connection, command: Command): void
  /** A frame that said nothing that could be understood. */
  ignored(): void
  /** Called once, as soon as nothing more is read of it. */
  left(connection: Connection): void
}

export interface ConnectionOptions {
  readonly ws: WebSocket
  /** The connection under `ws`. */
  readonly socket: Duplex
  readonly form: Form
  readonly standing: Standing
  readonly heartbeat: HeartbeatSettings
  readonly owner: ConnectionOwner
  /** Called when it has shown who it is. */
  readonly identified: () => void
}

/** Somebody's connection, from the upgrade to the end. Frames of one turn of the event loop leave in one write. */
export class Connection implements Subscriber {
  readonly form: Form
  readonly standing: Standing
  readonly identified: () => void
  readonly #ws: WebSocket
  readonly #socket: Duplex
  readonly #owner: ConnectionOwner
  readonly #heartbeat: Heartbeat
  #isCorked = false
  #backlogBytes = 0
  #hasLeft = false

  constructor({ ws, socket, form, standing, heartbeat, owner, identified }: ConnectionOptions) {
    this.form = form
    this.standing = standing
    this.identified = identified
    this.#ws = ws
    this.#socket = socket
    this.#owner = owner
    this.#heartbeat = new Heartbeat(heartbeat, () => ws.ping(noop), () => ws.terminate())
    // After an error that a peer caused, such as a message that is too large, the close frame is under way already.
    ws.on('error', () => this.#leave())
    ws.on('message', (data, isBinary) => this.#received(data as Buffer, isBinary))
    ws.on('pong', () => this.#heartbeat.alive())
    ws.on('close', () => this.#leave())
    this.send(message('idyou', {}))
  }

  /** What was unsent before this turn; of what this turn adds only the part counts that no reader could have kept up with. */
  get bufferedBytes(): number {
    const { writableLength } = this.#socket
    return this.#isCorked ? Math.max(this.#backlogBytes, writableLength - limits.turnBytes) : writableLength
  }

  /** False once it is closing: then nothing is read and nothing held for it. */
  get isOpen(): boolean {
    return !this.#hasLeft
  }

  send(publication: Publication): void {
    this.deliver(publication.in(this.form))
  }

  deliver(frame: string | Buffer): void {
    if (this.#hasLeft || this.#ws.readyState !== this.#ws.OPEN) return
    if (!this.#isCorked) {
      this.#isCorked = true
      this.#backlogBytes = this.#socket.writableLength
      this.#socket.cork()
      process.nextTick(() => {
        this.#isCorked = false
        this.#socket.uncork()
      })
    }
    this.#ws.send(frame, { binary: this.form === 'message-pack' }, noop)
  }

  overflowed(): void {
    // Not at once: its leaving would change what is being published.
    process.nextTick(() => this.close(CloseCode.tryAgainLater, 'Too slow: messages are not read as fast as they come'))
  }

  /** Ends it: what it holds is free at once, and nothing more is read. */
  close(code: CloseCode, reason: string): void {
    if (this.#hasLeft) return
    this.#ws.close(code, reason)
    this.#leave()
  }

  terminate(): void {
    this.#ws.terminate()
  }

  #received(frame: Buffer, isBinary: boolean): void {
    if (this.#hasLeft) return
    const command = isBinary === (this.form === 'message-pack') ? readCommand(this.form, frame) : undefined
    if (command) this.#owner.received(this, command)
    else this.#owner.ignored()
  }

  #leave(): void {
    if (this.#hasLeft) return
    this.#hasLeft = true
    this.#heartbeat.stop()
    if (this.#ws.readyState !== this.#ws.CLOSED) {
      const timer = setTimeout(() => this.#ws.terminate(), limits.closeDeadlineMs)
      timer.unref()
      this.#ws.once('close', () => clearTimeout(timer))
    }
    this.#owner.left(this)
  }
}

// A send to a connection that has just ended reports its error here; `close` follows.
function noop(): void {}
