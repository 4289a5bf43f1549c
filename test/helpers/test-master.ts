import type { ChannelSettings, Dialect } from '../../lib/link/channel.ts'
import { Connection } from '../../lib/link/connection.ts'
import type { EventDefinition, RequestDefinition } from '../../lib/link/define.ts'
import { acceptConnection } from '../../lib/link/handshake/accept.ts'
import type { Registration } from '../../lib/link/handshake/shapes.ts'
import { Link } from '../../lib/link/link.ts'
import type { LinkOwner } from '../../lib/link/link.ts'
import type { EventMessage, RequestMessage } from '../../lib/link/message.ts'
import type { Registry } from '../../lib/link/registry.ts'
import { Session } from '../../lib/link/session/session.ts'
import { Sessions } from '../../lib/link/session/sessions.ts'
import type { Transport } from '../../lib/link/transport/transport.ts'
import { authenticateGood, channelSettings, RecordingObserver, testRegistry } from './link-fixtures.ts'

/** An owner that answers requests with their own data and remembers what happens. */
export class RecordingOwner implements LinkOwner {
  readonly requests: number[] = []
  readonly events: Array<[type: string, n: number]> = []
  readonly changes: boolean[] = []
  readonly ends: string[] = []

  async answer(_definition: RequestDefinition, request: RequestMessage): Promise<unknown> {
    const data = request.data.value as { n: number }
    this.requests.push(data.n)
    return data
  }

  accept({ type }: EventDefinition, event: EventMessage): void {
    this.events.push([type, (event.data.value as { n: number }).n])
  }

  connected(isConnected: boolean): void {
    this.changes.push(isConnected)
  }

  closed(reason: string): void {
    this.ends.push(reason)
  }
}

export interface TestMasterOptions {
  readonly settings?: ChannelSettings
  readonly handshakeDeadlineMs?: number
  readonly maxRequestsInFlight?: number
  readonly owner?: LinkOwner
  readonly registry?: Registry
  authenticate?(registration: Registration): string | Promise<string>
}

/** The accepting side of the link without a cluster behind it. */
export class TestMaster {
  readonly sessions = new Sessions<string>()
  readonly owner = new RecordingOwner()
  readonly observer = new RecordingObserver()
  /** Links in the order in which they were made. */
  readonly links: Link[] = []
  readonly refusals: unknown[] = []
  isAccessRevoked = false
  readonly #options: TestMasterOptions

  constructor(options: TestMasterOptions = {}) {
    this.#options = options
  }

  /** The newest link. Throws when there is none. */
  get link(): Link {
    const link = this.links.at(-1)
    if (!link) throw new Error('Nobody has registered')
    return link
  }

  async accept(transport: Transport, dialect: Dialect): Promise<void> {
    const { settings = channelSettings(), handshakeDeadlineMs = 5_000, authenticate = authenticateGood, maxRequestsInFlight, owner = this.owner, registry = testRegistry() } = this.#options
    try {
      const accepted = await acceptConnection(new Connection(transport), {
        dialect, registry, settings, handshakeDeadlineMs, authenticate,
        sessions: this.sessions,
        mayResume: () => !this.isAccessRevoked,
      })
      if (!accepted) return
      const { channel, registration } = accepted
      this.links.push(new Link(channel, {
        self: 'master',
        peer: registration.role,
        registry,
        observer: this.observer,
        ...(maxRequestsInFlight === undefined ? {} : { maxRequestsInFlight }),
        owner: {
          answer: (definition, request, link) => owner.answer(definition, request, link),
          accept: (definition, event, link) => owner.accept(definition, event, link),
          connected: (isConnected, link) => owner.connected?.(isConnected, link),
          closed: (reason, link) => {
            if (channel instanceof Session) this.sessions.remove(channel)
            owner.closed?.(reason, link)
          },
        },
      }))
    } catch (error) {
      this.refusals.push(error)
    }
  }

  close(): void {
    for (const link of this.links) link.close('shutdown')
  }
}
