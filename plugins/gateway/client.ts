import type { Admitted, Congestible, Pressure, Subscriber, Topics, WebSocketConnection, WebSocketConnectionEvents } from '../../lib/plugin.ts'
import { CloseCode } from './connection.ts'
import { limits } from './limits.ts'
import { publicationOf } from './wire/publication.ts'
import type { ClientRequest } from './wire/read.ts'

/** A service, as far as a client must let go of it. */
export interface Leavable {
  leave(client: Client): void
}

export interface ClientParts {
  readonly cn: number
  readonly address: string
  readonly admitted: Admitted
  readonly topics: Topics
  readonly pressure: Pressure<Client>
  connect(events: WebSocketConnectionEvents): WebSocketConnection
  received(client: Client, data: Buffer, isBinary: boolean): void
  /** A frame could not be handled. */
  failed(client: Client, error: unknown): void
  left(client: Client): void
}

/** A websocket client, known to every provider by the same number. */
export class Client implements Subscriber, Congestible {
  readonly form = 'gateway'
  readonly cn: number
  readonly address: string
  /** Services that it has connected to, or asked to. */
  readonly services = new Set<Leavable>()
  /** Services that went away while it was connected to them. */
  readonly lost = new Set<Leavable>()
  isStalled = false
  readonly #connection: WebSocketConnection
  readonly #admitted: Admitted
  readonly #topics: Topics
  readonly #pressure: Pressure<Client>
  #open = 0
  #openLength = 0
  #isHeld = false
  #resuming: NodeJS.Immediate | undefined

  constructor({ cn, address, admitted, topics, pressure, connect, received, failed, left }: ClientParts) {
    this.cn = cn
    this.address = address
    this.#admitted = admitted
    this.#topics = topics
    this.#pressure = pressure
    this.#connection = connect({
      message: (data, isBinary) => received(this, data, isBinary),
      failed: (error) => failed(this, error),
      drained: () => pressure.relieved(this),
      ended: () => {
        clearImmediate(this.#resuming)
        admitted.done()
        pressure.relieved(this)
        topics.leave(this)
        for (const service of this.services) service.leave(this)
        left(this)
      },
    })
  }

  get bufferedBytes(): number {
    return this.#connection.bufferedBytes
  }

  get isOpen(): boolean {
    return this.#connection.isOpen
  }

  /** Sends it a text, unless too much waits for it. */
  send(text: string): void {
    this.#topics.publishTo([this], publicationOf(() => text))
  }

  deliver(frame: string | Buffer): void {
    this.#connection.send(frame as Buffer)
    if (this.#connection.queuedBytes > this.#pressure.congestedBytes) this.#pressure.congested(this)
  }

  overflowed(): void {
    this.close(CloseCode.tryAgainLater, 'You read too slowly: too much waits for you')
  }

  /** A request of it waits for an answer from now on. */
  asked({ length }: ClientRequest): void {
    this.#open += 1
    this.#openLength += length
    if (this.#isHeld || !this.#hasEnoughOpen()) return
    this.#isHeld = true
    this.#connection.hold()
  }

  /** One of the requests that waited does no more. */
  answered({ length }: ClientRequest): void {
    this.#open -= 1
    this.#openLength -= length
    if (this.#isHeld && !this.#hasEnoughOpen()) this.#resumeSoon()
  }

  /** A provider has verified it: it does not count among the unknown of its address any more. */
  verified(): void {
    this.#admitted.done()
  }

  close(code: CloseCode, reason: string): void {
    this.#connection.close(code, reason)
  }

  /** Later: whoever answers a request is not to meet the next one in the middle of it. */
  #resumeSoon(): void {
    this.#resuming ??= setImmediate(() => {
      this.#resuming = undefined
      if (this.#hasEnoughOpen()) return
      this.#isHeld = false
      this.#connection.release()
    })
  }

  #hasEnoughOpen(): boolean {
    return this.#open >= limits.openRequests || this.#openLength >= limits.openLength
  }
}
