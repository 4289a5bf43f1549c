import { WebSocket } from 'ws'
import type { RawData } from 'ws'
import { Heartbeat } from '../../lib/plugin.ts'
import type { HeartbeatSettings } from '../../lib/plugin.ts'
import { readCommand } from './codec.ts'
import type { Command } from './codec.ts'
import { limits } from './limits.ts'
import { serverHeader } from './peer-check.ts'

const handshakeDeadlineMs = 5_000

export interface PeerSocketEvents {
  opened(): void
  received(command: Command): void
  /** Called once, also when it could not be opened. */
  closed(reason: string): void
}

/** One connection to another server. */
export class PeerSocket {
  readonly #ws: WebSocket
  #heartbeat: Heartbeat | undefined
  #problem = ''

  constructor(url: string, secret: string | undefined, heartbeat: HeartbeatSettings, events: PeerSocketEvents) {
    this.#ws = new WebSocket(url, ['turntable'], {
      headers: { [serverHeader]: '1', ...(secret === undefined ? {} : { authorization: `Bearer ${secret}` }) },
      perMessageDeflate: false, maxPayload: limits.peerMessageBytes, handshakeTimeout: handshakeDeadlineMs,
    })
    this.#ws.on('error', (error) => { this.#problem = error.message })
    this.#ws.on('open', () => {
      this.#heartbeat = new Heartbeat(heartbeat, { ping: () => this.#ws.ping(noop), lost: () => this.#ws.terminate() })
      events.opened()
    })
    this.#ws.on('pong', () => this.#heartbeat?.alive())
    this.#ws.on('message', (data: RawData, isBinary) => {
      const command = isBinary ? undefined : readCommand('json', data as Buffer)
      if (command) events.received(command)
    })
    this.#ws.on('close', (code) => {
      this.#heartbeat?.stop()
      events.closed(this.#problem || `closed with ${code}`)
    })
  }

  get isOpen(): boolean {
    return this.#ws.readyState === WebSocket.OPEN
  }

  /** Sends a command. A connection that has too much unsent is cut off: the next one begins with what matters. */
  send(command: string, data: unknown): void {
    if (!this.isOpen) return
    if (this.#ws.bufferedAmount > limits.peerBufferBytes) this.#ws.terminate()
    else this.#ws.send(JSON.stringify({ command, data }), noop)
  }

  close(): void {
    this.#ws.close(1001, 'The server stops')
    const timer = setTimeout(() => this.#ws.terminate(), limits.closeDeadlineMs)
    timer.unref()
    this.#ws.once('close', () => clearTimeout(timer))
  }

  terminate(): void {
    this.#ws.terminate()
  }
}

function noop(): void {}
