import { Backoff } from '../../../lib/plugin.ts'
import type { Holdable, Logger } from '../../../lib/plugin.ts'
import { limits } from '../limits.ts'
import type { ProviderSetting } from '../settings.ts'
import { proofOf } from '../wire/proof.ts'
import { readProvider } from '../wire/read.ts'
import type { ProviderMessage } from '../wire/read.ts'
import { Subtype, Type } from '../wire/types.ts'
import { proofText } from '../wire/write.ts'
import { dial } from './wire.ts'
import type { Wire } from './wire.ts'

export interface ProviderEvents {
  opened(): void
  lost(): void
  received(message: ProviderMessage): void
  /** A frame that said nothing that could be understood. */
  ignored(): void
}

export interface ProviderOptions {
  readonly setting: ProviderSetting
  readonly backoffCapMs: number
  readonly log: Logger
  readonly events: ProviderEvents
}

/** The connection to a provider elsewhere: made, and made anew whenever it is lost. */
export class Provider implements Holdable {
  readonly #options: ProviderOptions
  readonly #backoff: Backoff
  #wire: Wire | undefined
  #isHeld = false
  /** What had been read when it was held. */
  #unheard: string[] = []
  #retry: NodeJS.Timeout | undefined
  #proving: NodeJS.Timeout | undefined
  #isOnline = false
  #isClosed = false
  /** It has lasted, or said something: not one that takes connections only to close them. */
  #isProven = false
  #isReported = false

  constructor(options: ProviderOptions) {
    this.#options = options
    this.#backoff = new Backoff({ baseMs: limits.backoffBaseMs, capMs: options.backoffCapMs })
  }

  get isOnline(): boolean {
    return this.#isOnline
  }

  /** Whether it takes what is sent; not when too much waits for it already. */
  get isReading(): boolean {
    return this.#isOnline && (this.#wire?.bufferedBytes ?? 0) <= limits.providerBacklogBytes
  }

  dial(): void {
    const { setting: { url }, events } = this.#options
    this.#wire = dial(url, {
      opened: () => {
        this.#isOnline = true
        this.#proving = setTimeout(() => this.#proved(), limits.provenMs)
        events.opened()
      },
      frame: (text) => this.#heard(text),
      closed: (reason) => this.#closed(reason),
    })
  }

  send(text: string): void {
    this.#wire?.send(text)
  }

  /** Reads nothing more from it until `release`. */
  hold(): void {
    if (!this.#wire) return
    this.#isHeld = true
    this.#wire.pause()
  }

  release(): void {
    this.#isHeld = false
    const unheard = this.#unheard
    this.#unheard = []
    // Handling one may have it held again: the rest then waits on, in order.
    for (const text of unheard) this.#heard(text)
    if (!this.#isHeld) this.#wire?.resume()
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#retry)
    clearTimeout(this.#proving)
    this.release()
    this.#wire?.close()
  }

  #heard(text: string): void {
    if (this.#isHeld) this.#unheard.push(text)
    else this.#received(text)
  }

  #received(text: string): void {
    const { events, setting: { secret } } = this.#options
    if (this.#isClosed) return
    const message = readProvider(text)
    if (!message) {
      events.ignored()
      return
    }
    if (!this.#isProven) this.#proved()
    if (message.type === Type.request && message.subtype === Subtype.challenge && !message.members.has('cn')) {
      // Without a client's number it is the gateway that is asked.
      const nonce = nonceOf(message)
      if (secret === undefined || nonce === undefined) events.ignored()
      else this.send(proofText(proofOf(secret, nonce)))
    } else {
      events.received(message)
    }
  }

  #proved(): void {
    const { setting: { name }, log } = this.#options
    clearTimeout(this.#proving)
    this.#isProven = true
    this.#isReported = false
    this.#backoff.reset()
    log.info(`The provider ${name} is connected`)
  }

  #closed(reason: string): void {
    const { setting: { name }, log, events } = this.#options
    this.#wire = undefined
    this.release()
    const wasOnline = this.#isOnline
    this.#isOnline = false
    this.#isProven = false
    clearTimeout(this.#proving)
    if (wasOnline) events.lost()
    if (this.#isClosed) return
    if (!this.#isReported) log.warn(`The provider ${name} cannot be reached; trying again`, { reason })
    this.#isReported = true
    this.#retry = setTimeout(() => this.dial(), this.#backoff.next())
  }
}

function nonceOf({ members }: ProviderMessage): string | undefined {
  const data: unknown = JSON.parse(members.get('data') ?? 'null')
  const nonce: unknown = Array.isArray(data) ? data[0] : undefined
  return typeof nonce === 'string' ? nonce : undefined
}
