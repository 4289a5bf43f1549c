import { Publication } from '../../lib/plugin.ts'
import type { Admitted, Subscriber, Topics } from '../../lib/plugin.ts'
import { CloseCode } from './connection.ts'
import type { Connection, ConnectionEvents } from './connection.ts'
import { limits } from './limits.ts'
import type { ClientRequest } from './wire/read.ts'

/** A service, as far as a client must let go of it. */
interface Leavable {
  leave(client: Client): void
}

export interface ClientParts {
  readonly cn: number
  readonly address: string
  readonly admitted: Admitted
  readonly topics: Topics
  connect(events: ConnectionEvents): Connection
  received(client: Client, data: Buffer, isBinary: boolean): void
  left(client: Client): void
}

/** A websocket client, known to every provider by the same number. */
export class Client implements Subscriber {
  readonly form = 'gateway'
  readonly cn: number
  readonly address: string
  /** Services that it has connected to, or asked to. */
  readonly services = new Set<Leavable>()
  readonly #connection: Connection
  readonly #admitted: Admitted
  readonly #topics: Topics
  #open = 0
  #openLength = 0

  constructor({ cn, address, admitted, topics, connect, received, left }: ClientParts) {
    this.cn = cn
    this.address = address
    this.#admitted = admitted
    this.#topics = topics
    this.#connection = connect({
      frame: (data, isBinary) => received(this, data, isBinary),
      ended: () => {
        admitted.done()
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
    this.#topics.publishTo([this], new Publication(() => text))
  }

  deliver(frame: string | Buffer): void {
    this.#connection.send(frame as string)
  }

  overflowed(): void {
    this.close(CloseCode.tryAgainLater, 'You read too slowly: too much waits for you')
  }

  /** A request of it waits for an answer from now on. */
  asked({ length }: ClientRequest): void {
    this.#open += 1
    this.#openLength += length
    if (this.#hasEnoughOpen()) this.#connection.hold()
  }

  /** One of the requests that waited does no more. */
  answered({ length }: ClientRequest): void {
    this.#open -= 1
    this.#openLength -= length
    if (!this.#hasEnoughOpen()) this.#connection.release()
  }

  /** A provider has verified it: it does not count among the unknown of its address any more. */
  verified(): void {
    this.#admitted.done()
  }

  probe(): void {
    this.#connection.probe()
  }

  close(code: CloseCode, reason: string): void {
    this.#connection.close(code, reason)
  }

  #hasEnoughOpen(): boolean {
    return this.#open >= limits.openRequests || this.#openLength >= limits.openLength
  }
}
