import { textOf } from '../../lib/plugin.ts'
import type { Admitted, Logger, Pressure, WebSocketConnection, WebSocketConnectionEvents } from '../../lib/plugin.ts'
import { Client } from './client.ts'
import type { Hall } from './hall.ts'
import { identify, Refusal } from './identify.ts'
import type { SecretRules } from './identify.ts'
import type { Requests } from './requests.ts'
import { CloseCode } from './wire/close-codes.ts'

/** How long a client may take to identify itself. */
const identifyMs = 5_000

export interface SessionParts {
  readonly hall: Hall
  readonly requests: Requests
  readonly pressure: Pressure<Client>
  readonly rules: SecretRules
  readonly log: Logger
}

/** A connection's life: a client unknown, then known, then gone. */
export class Session implements WebSocketConnectionEvents {
  readonly #parts: SessionParts
  readonly #address: string
  readonly #admitted: Admitted
  readonly #connection: WebSocketConnection
  readonly #onEnded: () => void
  readonly #timer: NodeJS.Timeout
  #client: Client | undefined

  constructor(
    parts: SessionParts, address: string, admitted: Admitted,
    connect: (events: WebSocketConnectionEvents) => WebSocketConnection, onEnded: () => void,
  ) {
    this.#parts = parts
    this.#address = address
    this.#admitted = admitted
    this.#onEnded = onEnded
    this.#connection = connect(this)
    this.#timer = setTimeout(() => this.#connection.close(CloseCode.authTimeout, 'You have not identified yourself within 5 seconds'), identifyMs)
  }

  get connection(): WebSocketConnection {
    return this.#connection
  }

  get client(): Client | undefined {
    return this.#client
  }

  message(data: Buffer, isBinary: boolean): void {
    if (!this.#client) this.#identify(data, isBinary)
    else if (!isBinary) this.#parts.requests.handle(this.#client, textOf(data))
  }

  drained(): void {
    if (this.#client) this.#parts.pressure.relieved(this.#client)
  }

  ended(): void {
    const { pressure, hall } = this.#parts
    clearTimeout(this.#timer)
    this.#admitted.done()
    pressure.forget(this.#connection)
    if (this.#client) {
      pressure.relieved(this.#client)
      hall.leave(this.#client)
    }
    this.#onEnded()
  }

  failed(error: unknown): void {
    this.#parts.log.error('A payload could not be handled', { error: error instanceof Error ? error.stack : String(error) })
    this.#connection.close(CloseCode.internal, 'Internal error')
  }

  #identify(data: Buffer, isBinary: boolean): void {
    const { hall, rules, pressure } = this.#parts
    try {
      if (isBinary) throw new Refusal(CloseCode.fatalDecode, 'Payloads are text frames')
      const client = new Client(identify(textOf(data), this.#address, rules), this.#connection, pressure)
      if (!hall.enter(client)) throw new Refusal(CloseCode.duplicateAuth, 'This name is taken; pick another')
      this.#client = client
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      this.#connection.close(error.code, error.message)
      return
    }
    clearTimeout(this.#timer)
    this.#admitted.done()
  }
}
