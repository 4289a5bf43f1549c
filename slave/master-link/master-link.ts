import { LinkClient } from '../../lib/link/client.ts'
import type { ChannelSettings } from '../../lib/link/channel.ts'
import { HandlerTable } from '../../lib/link/handlers.ts'
import { protocolVersion } from '../../lib/link/handshake/shapes.ts'
import type { Link } from '../../lib/link/link.ts'
import { messages } from '../../lib/link/messages/index.ts'
import { Registry } from '../../lib/link/registry.ts'
import type { Logger } from '../../lib/log/logger.ts'
import type { Drain } from '../supervisor/drain.ts'
import type { Supervisor } from '../supervisor/supervisor.ts'
import { corralVersion } from '../../lib/version.ts'
import { slaveHandlers } from './handlers.ts'
import { Outcomes } from './outcomes.ts'
import type { StateReporter } from './state-reporter.ts'

export interface MasterLinkOptions {
  readonly url: string
  readonly token: string
  readonly id: number
  readonly name: string
  readonly ca: string | undefined
  readonly settings: ChannelSettings
  readonly reconnect: { readonly baseMs: number; readonly capMs: number }
  readonly supervisor: Supervisor
  readonly reporter: StateReporter
  readonly log: Logger
  readonly drain: Drain
  /** Names the slave's data directory. */
  readonly dataDirectoryId: string
}

/** Keeps a slave in touch with its master, for as long as it takes; the games don't depend on it. */
export class MasterLink {
  readonly #client: LinkClient
  /** The same trouble is reported once, not at every try. */
  #reported: string | undefined
  #isClosed = false

  constructor({ url, token, id, name, ca, settings, reconnect, supervisor, reporter, log, drain, dataDirectoryId }: MasterLinkOptions) {
    const registry = new Registry(Object.values(messages))
    const handlers = new HandlerTable<Link>(slaveHandlers(supervisor, reporter, drain))
    const outcomes = new Outcomes()
    handlers.expectComplete(registry.requestsOn('master-slave'))
    this.#client = new LinkClient({
      url, registry, settings, ca,
      dialect: 'session',
      backoff: reconnect,
      registration: { role: 'slave', token, agent: `Corral ${corralVersion()}`, version: protocolVersion, id, name },
      owner: {
        answer: (definition, { to, key, data }, link) => {
          const answer = (): Promise<unknown> => handlers.answer(definition, data, link)
          return to === undefined || key === undefined ? answer() : outcomes.once(to, key, `${definition.type} ${data.text}`, answer)
        },
        accept: () => {},
        connected: (isConnected) => {
          if (!isConnected) this.#report(log, 'lost', `The connection to the master at ${url} is lost; games go on, trying again`)
          else if (this.#reported !== undefined) this.#restored(log, url)
        },
        closed: (reason, link) => {
          if (this.#client.link === undefined || this.#client.link === link) reporter.end()
          if (!this.#isClosed) this.#report(log, 'closed', `The master ended the connection: ${reason}; games go on`)
        },
      },
      observer: {
        answered: () => {},
        event: () => {},
        unknownEvent: () => {},
        failed: (what, error) => log.error(`${what} failed`, { error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
      },
      onLink: (link) => {
        this.#restored(log, url)
        reporter.begin(link, supervisor.list(), { isDraining: drain.isOn, dataDirectoryId })
      },
      // A slave never gives up: its games need looking after, and tokens can be put right.
      isFinal: () => false,
      onFailure: ({ code, message }) => this.#report(log, code, code === 'unauthenticated'
        ? `The master at ${url} does not accept this slave's token. Join again with \`slave join\`; games go on, trying again`
        : `${message} Games go on, trying again`),
    })
  }

  start(): void {
    this.#client.start()
  }

  close(): void {
    this.#isClosed = true
    this.#client.close('shutdown')
  }

  #restored(log: Logger, url: string): void {
    this.#reported = undefined
    log.info(`Connected to the master at ${url}`)
  }

  #report(log: Logger, what: string, message: string): void {
    if (this.#reported === what) return
    this.#reported = what
    log.warn(message)
  }
}
