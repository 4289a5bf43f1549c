import { LinkClient } from '../../lib/link/client.ts'
import { defaultChannelSettings } from '../../lib/link/channel.ts'
import type { ChannelSettings, Dialect } from '../../lib/link/channel.ts'
import { decodeBytes } from '../../lib/link/console-bytes.ts'
import type { EventDefinition, EventOf, RequestDefinition, RequestOf, ResponseOf } from '../../lib/link/define.ts'
import { protocolVersion } from '../../lib/link/handshake/shapes.ts'
import type { Link, SendOptions } from '../../lib/link/link.ts'
import { instanceOutput } from '../../lib/link/messages/console.ts'
import { messages } from '../../lib/link/messages/index.ts'
import { Registry } from '../../lib/link/registry.ts'
import { dial } from '../../lib/link/transport/dial.ts'
import type { Transport } from '../../lib/link/transport/transport.ts'
import { eventually } from './eventually.ts'

export interface ControlOptions {
  readonly url: string
  readonly token: string
  readonly dialect?: Dialect
  readonly ca?: string | undefined
  readonly settings?: Partial<ChannelSettings>
}

interface Heard { readonly type: string; readonly data: unknown }

/** A control's link to a real master, with the events that it has heard. */
export class Control {
  readonly #client: LinkClient
  readonly #heard: Heard[] = []
  #link: Link | undefined
  #transport: Transport | undefined
  /** Why the link has ended; undefined while it goes on. */
  closedBecause: string | undefined

  private constructor({ url, token, dialect = 'session', ca, settings = {} }: ControlOptions) {
    this.#client = new LinkClient({
      url, dialect, ca,
      registry: new Registry(Object.values(messages)),
      settings: { ...defaultChannelSettings, ...settings },
      backoff: { baseMs: 20, capMs: 200 },
      registration: { role: 'control', token, agent: 'corral tests', version: protocolVersion },
      owner: {
        answer: (definition) => Promise.reject(new Error(`Nobody should ask for ${definition.type}`)),
        accept: ({ type }, event) => this.#heard.push({ type, data: event.data.value }),
        closed: (reason, link) => {
          if (link === this.#link) this.closedBecause = reason
        },
      },
      dial: async () => {
        this.#transport = await dial(url, { dialect, deadlineMs: 5_000, ca })
        return this.#transport
      },
    })
  }

  /** Connects; throws why the master did not let it in. */
  static async connect(options: ControlOptions): Promise<Control> {
    const control = new Control(options)
    control.#link = await control.#client.connect()
    return control
  }

  get link(): Link {
    if (!this.#link) throw new Error('The control is not connected')
    return this.#client.link ?? this.#link
  }

  send<D extends RequestDefinition>(definition: D, data: RequestOf<D>, options?: SendOptions): Promise<ResponseOf<D>> {
    return this.link.send(definition, data, options)
  }

  /** Cuts the connection as a failing network does; the session stays. */
  drop(): void {
    this.#transport?.terminate()
  }

  close(): void {
    this.#client.close('quit')
  }

  heard<D extends EventDefinition>({ type }: D): Array<EventOf<D>> {
    return this.#heard.filter((event) => event.type === type).map(({ data }) => data as EventOf<D>)
  }

  /** The first event of a type that fits; waits for it. */
  until<D extends EventDefinition>(definition: D, fits: (data: EventOf<D>) => boolean, deadlineMs = 10_000): Promise<EventOf<D>> {
    return eventually(() => {
      const found = this.heard(definition).find(fits)
      if (found === undefined) throw new Error(`of ${this.heard(definition).length} ${definition.type} events none fits`)
      return found
    }, { deadlineMs, what: `An event ${definition.type}` })
  }

  /** Pieces of an instance's console as they came, with their place in the run. */
  output(instanceId: number): Array<{ run: number; offset: number; bytes: Buffer; isEnd: boolean }> {
    return this.heard(instanceOutput)
      .filter(({ instance_id: id }) => id === instanceId)
      .map(({ output }) => ({ run: output.run, offset: output.offset, bytes: decodeBytes(output), isEnd: output.exit !== undefined }))
  }
}
