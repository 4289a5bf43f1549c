import { LinkClient } from '../../lib/link/client.ts'
import type { ChannelSettings, Dialect } from '../../lib/link/channel.ts'
import { HandlerTable } from '../../lib/link/handlers.ts'
import { protocolVersion } from '../../lib/link/handshake/shapes.ts'
import type { Link } from '../../lib/link/link.ts'
import { Outcomes } from '../../lib/link/outcomes.ts'
import type { Registry } from '../../lib/link/registry.ts'
import type { Logger } from '../../lib/log/logger.ts'
import type { SlavePlugins } from '../plugins/host.ts'
import type { Drain } from '../supervisor/drain.ts'
import type { Supervisor } from '../supervisor/supervisor.ts'
import { corralVersion } from '../../lib/version.ts'
import { slaveHandlers } from './handlers.ts'
import type { StateReporter } from './state-reporter.ts'

export interface MasterLinkOptions {
  readonly url: string
  readonly token: string
  readonly id: number
  readonly name: string
  readonly ca: string | undefined
  readonly dialect: Dialect
  readonly settings: ChannelSettings
  readonly reconnect: { readonly baseMs: number; readonly capMs: number }
  /** What can be said over the link. */
  readonly registry: Registry
  readonly plugins: SlavePlugins
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

  constructor({ url, token, id, name, ca, dialect, settings, reconnect, registry, plugins, supervisor, reporter, log, drain, dataDirectoryId }: MasterLinkOptions) {
    const handlers = new HandlerTable<Link>(slaveHandlers(supervisor, reporter, drain, plugins))
    const outcomes = new Outcomes()
    handlers.expectComplete(registry.requestsOn('master-slave'))
    this.#client = new LinkClient({
      url, registry, settings, ca, dialect,
      backoff: reconnect,
      registration: { role: 'slave', token, agent: `Corral ${corralVersion()}`, version: protocolVersion, id, name },
      owner: {
        answer: (definition, { to, key, data }, link) => {
          const answer = (): Promise<unknown> => (
            handlers.has(definition.type) ? handlers.answer(definition, { to, data }, link) : plugins.answer(definition, { to, data })
          )
          return outcomes.once(definition, { scope: `${definition.forward} ${to}`, key, data }, answer)
        },
        accept: (definition, event) => plugins.accept(definition, event),
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
        reporter.begin(link, supervisor.list(), { slaveId: id, isDraining: drain.isOn, dataDirectoryId })
        plugins.connected()
      },
      // A Corral master's slave never gives up: tokens can be put right there. Others take each try for an attack.
      isFinal: ({ code }) => dialect === 'base' && code === 'unauthenticated',
      onFailure: ({ code, message }, isFinal) => this.#report(log, code, code === 'unauthenticated'
        ? `The master at ${url} does not accept this slave's token. ${isFinal ? 'Set `token` in its config and start it again; games go on, no more tries are made' : `If it was removed from the cluster, delete its config and join again with \`slave join\`; if only its token was revoked, set \`token\` in its config to what \`ctl slave create-token ${id}\` prints, and start it again; games go on, trying again`}`
        : `${message} Games go on, trying again`),
    })
  }

  /** The conversation that goes on, if any. */
  get link(): Link | undefined {
    return this.#client.link
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
