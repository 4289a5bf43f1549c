import { connect } from 'node:net'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocket } from 'ws'
import { pluginFlush } from '../../../lib/plugin.ts'
import { limits } from '../limits.ts'
import { Lines } from './lines.ts'

export interface WireEvents {
  opened(): void
  frame(text: string): void
  /** Called once, also when it could not be opened. */
  closed(reason: string): void
}

/** More than this does not wait for the end of the turn: a provider that reads shall not look as if it did not. */
const maxWaitingBytes = 65_536

/** A connection to a provider, whatever it is made of. Texts that are sent together leave together. */
export interface Wire {
  readonly bufferedBytes: number
  send(text: string): void
  /** Reads no further; a few frames may still come. */
  pause(): void
  resume(): void
  close(): void
}

/** Dials a provider's address, which `checkProviders` has found good. */
export function dial(url: string, events: WireEvents): Wire {
  return url.startsWith('tcp:') ? new TcpWire(new URL(url), events) : new WebSocketWire(url, events)
}

class WebSocketWire implements Wire {
  readonly #ws: WebSocket
  readonly #heartbeat: NodeJS.Timeout
  #socket: Duplex | undefined
  #isAlive = true
  #isCorked = false
  readonly #turn = pluginFlush(() => this.#uncork())
  #problem = ''

  constructor(url: string, events: WireEvents) {
    this.#ws = new WebSocket(url, {
      perMessageDeflate: false, maxPayload: limits.providerMessageBytes, handshakeTimeout: limits.dialDeadlineMs, followRedirects: false,
    })
    this.#heartbeat = setInterval(() => this.#probe(), limits.heartbeatMs)
    this.#ws.on('error', (error) => { this.#problem = error.message })
    this.#ws.on('upgrade', ({ socket }) => { this.#socket = socket })
    this.#ws.on('open', () => events.opened())
    this.#ws.on('pong', () => { this.#isAlive = true })
    this.#ws.on('message', (data, isBinary) => {
      this.#isAlive = true
      const bytes = data as Buffer
      if (!isBinary && bytes.length <= limits.frameBytes) events.frame(bytes.toString())
    })
    this.#ws.on('close', (code) => {
      clearInterval(this.#heartbeat)
      events.closed(this.#problem || `closed with ${code}`)
    })
  }

  get bufferedBytes(): number {
    return this.#ws.bufferedAmount
  }

  send(text: string): void {
    if (this.#ws.readyState !== WebSocket.OPEN) return
    if (!this.#isCorked && this.#socket) {
      this.#isCorked = true
      this.#socket.cork()
      this.#turn.ask()
    }
    this.#ws.send(text, noop)
    if ((this.#socket?.writableLength ?? 0) > maxWaitingBytes) this.#uncork()
  }

  #uncork(): void {
    if (!this.#isCorked) return
    this.#isCorked = false
    this.#socket?.uncork()
  }

  pause(): void {
    this.#ws.pause()
  }

  resume(): void {
    this.#ws.resume()
  }

  close(): void {
    this.#ws.close(1001, 'The gateway stops')
    const timer = setTimeout(() => this.#ws.terminate(), limits.goodbyeMs)
    timer.unref()
    this.#ws.once('close', () => clearTimeout(timer))
  }

  #probe(): void {
    if (this.#ws.readyState !== WebSocket.OPEN) return
    if (!this.#isAlive) return this.#ws.terminate()
    this.#isAlive = false
    this.#ws.ping(noop)
  }
}

class TcpWire implements Wire {
  readonly #socket: Socket
  readonly #heartbeat: NodeJS.Timeout
  readonly #turn = pluginFlush(() => this.#flush())
  #waiting = ''
  #takenBytes = 0
  #problem = 'closed'

  constructor({ hostname, port }: URL, events: WireEvents) {
    const lines = new Lines(limits.frameBytes)
    this.#socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port), noDelay: true, keepAlive: true, keepAliveInitialDelay: limits.heartbeatMs })
    const dialing = setTimeout(() => this.#socket.destroy(new Error('it did not answer')), limits.dialDeadlineMs)
    this.#heartbeat = setInterval(() => this.#probe(), limits.heartbeatMs)
    this.#socket.on('error', (error) => { this.#problem = error.message })
    this.#socket.on('connect', () => {
      clearTimeout(dialing)
      events.opened()
    })
    this.#socket.on('data', (bytes) => {
      for (const line of lines.push(bytes)) events.frame(line)
    })
    this.#socket.on('close', () => {
      clearTimeout(dialing)
      clearInterval(this.#heartbeat)
      events.closed(this.#problem)
    })
  }

  get bufferedBytes(): number {
    return this.#socket.writableLength + this.#waiting.length
  }

  send(text: string): void {
    // White space outside strings, where JSON allows no line ends: what one has sent as one text stays one line.
    this.#waiting += `${text.replace(/[\r\n]/g, ' ')}\n`
    this.#turn.ask()
    if (this.#waiting.length > maxWaitingBytes) this.#flush()
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  close(): void {
    this.#flush()
    this.#socket.end()
    const timer = setTimeout(() => this.#socket.destroy(), limits.goodbyeMs)
    timer.unref()
    this.#socket.once('close', () => clearTimeout(timer))
  }

  #flush(): void {
    const text = this.#waiting
    this.#waiting = ''
    if (text !== '' && this.#socket.writable) this.#socket.write(text)
  }

  /** TCP has no pings: one that takes nothing of what waits for it is as good as gone. */
  #probe(): void {
    const taken = this.#socket.bytesWritten - this.#socket.writableLength
    if (this.#socket.writableLength > 0 && taken === this.#takenBytes) this.#socket.destroy(new Error('it reads nothing'))
    this.#takenBytes = taken
  }
}

// A send to a connection that has just ended reports its error here; `close` follows.
function noop(): void {}
