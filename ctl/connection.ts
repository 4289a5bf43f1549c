import { durationText } from '../lib/cli/duration.ts'
import { ClusterError } from '../lib/errors/cluster-error.ts'
import type { Dialect } from '../lib/link/channel.ts'
import { LinkClient } from '../lib/link/client.ts'
import type { EventDefinition, EventOf, RequestDefinition, RequestOf, ResponseOf } from '../lib/link/define.ts'
import { protocolVersion } from '../lib/link/handshake/shapes.ts'
import type { SendOptions } from '../lib/link/link.ts'
import { Registry } from '../lib/link/registry.ts'
import { check } from '../lib/link/validate.ts'
import { corralVersion } from '../lib/version.ts'
import type { Settings } from './settings.ts'

const defaultDialDeadlineMs = 5_000
const backoff = { baseMs: 250, capMs: 5_000 }
const goodbye = 'quit'

/** An event that a command listens to. */
export interface Listener {
  readonly definition: EventDefinition
  /** Takes the event's data, checked against its definition. */
  take(data: unknown): void
}

/** What a command that stays connected is told. */
export interface ConnectionEvents {
  readonly listeners?: readonly Listener[]
  /** The connection was lost (false), or is back (true): with the same session, or with a new one that knows nothing of before. */
  connected?(isConnected: boolean): void
  /** The master does not let ctl in again; no further try is made. */
  ended?(error: ClusterError): void
}

/** ctl's connection to its master; it outlives drops of the network. */
export class Connection {
  readonly #client: LinkClient
  /** What can be sent is known by and by: ctl must not load all messages. */
  readonly #registry: Registry
  readonly #dialect: Dialect
  readonly #timeoutMs: number | undefined
  /** File of the certificate authority that the master is trusted by, if one was named. */
  readonly caFile: string | undefined

  private constructor(client: LinkClient, registry: Registry, { dialect, caFile }: Settings, timeoutMs: number | undefined) {
    this.#client = client
    this.#registry = registry
    this.#dialect = dialect
    this.caFile = caFile
    this.#timeoutMs = timeoutMs
  }

  /** Connects and registers. Throws `unreachable`, `unauthenticated`, `deadline`, `malformed`. */
  static async open(settings: Settings, timeoutMs: number | undefined, events: ConnectionEvents = {}): Promise<Connection> {
    const { url, token, ca, dialect } = settings
    const listeners = new Map((events.listeners ?? []).map((listener) => [listener.definition.type, listener]))
    const registry = new Registry([...listeners.values()].map(({ definition }) => definition))
    let isConnected = true
    const tell = (now: boolean): void => {
      if (now === isConnected) return
      isConnected = now
      events.connected?.(now)
    }
    const client = new LinkClient({
      url, ca, dialect, registry, backoff,
      registration: { role: 'control', token, agent: `Corral ctl ${corralVersion()}`, version: protocolVersion },
      dialDeadlineMs: timeoutMs === undefined ? defaultDialDeadlineMs : Math.min(timeoutMs, defaultDialDeadlineMs),
      owner: {
        answer: (definition) => Promise.reject(new ClusterError('unknown_type', `ctl does not answer ${definition.type}`)),
        accept: (definition, event) => listeners.get(definition.type)?.take(check(definition.data, event.data.value, definition.type)),
        connected: tell,
        closed: (reason) => {
          if (reason !== goodbye) tell(false)
        },
      },
      onLink: () => tell(true),
      onFailure: (error, isFinal) => {
        if (isFinal) events.ended?.(error)
      },
    })
    const startedAt = performance.now()
    try {
      await client.connect()
    } catch (error) {
      client.close(goodbye)
      if (timeoutMs !== undefined && performance.now() - startedAt >= timeoutMs) {
        throw new ClusterError('deadline', `The master at ${url} let nobody in within ${durationText(timeoutMs)}; nothing was asked of it`, { cause: error })
      }
      throw sharper(error, url)
    }
    return new Connection(client, registry, settings, timeoutMs)
  }

  /** Whether the master is one of ours; others know the messages of the base dialect only, and do nothing by themselves. */
  get isCorral(): boolean {
    return this.#dialect === 'session'
  }

  /** Asks the master. Throws what it answered, `deadline`, why the connection ended, or `unreachable` when nothing was sent for want of one. */
  async send<D extends RequestDefinition>(definition: D, data: RequestOf<D>, options: SendOptions = {}): Promise<ResponseOf<D>> {
    const { link } = this.#client
    if (!link) throw new ClusterError('unreachable', this.#client.isRunning ? 'there is no connection to the master at the moment' : 'The connection to the master has ended; run the command again')
    if (!this.#registry.request(definition.type, 'control-master')) this.#registry.add(definition)
    // Other makers' masters answer everything when it is done, which takes as long as it takes.
    const deadlineMs = this.isCorral ? options.deadlineMs : undefined
    try {
      return await link.send(definition, data, { ...options, deadlineMs: this.#timeoutMs ?? deadlineMs ?? definition.deadlineMs })
    } catch (error) {
      throw withoutType(error, definition.type)
    }
  }

  /** Tells the master something. */
  emit<D extends EventDefinition>(definition: D, data: EventOf<D>): void {
    this.#client.link?.emit(definition, data)
  }

  /** Says goodbye. */
  close(): void {
    this.#client.close(goodbye)
  }
}

/** Operators know commands, not the types of messages. */
function withoutType(error: unknown, type: string): unknown {
  const { code, message, details } = ClusterError.from(error)
  const { deadline_ms: deadlineMs } = details
  if (code === 'deadline' && typeof deadlineMs === 'number') {
    return new ClusterError('deadline', `No answer came within ${durationText(deadlineMs)}; it may still happen`, { details, cause: error })
  }
  return message.startsWith(`${type}: `) ? new ClusterError(code, message.slice(type.length + 2), { details, cause: error }) : error
}

function sharper(error: unknown, url: string): unknown {
  const known = ClusterError.from(error)
  if (known.code === 'deadline' || known.code === 'link_closed') {
    return new ClusterError('unreachable', `Can't reach the master at ${url}: ${known.message}. Is it running, and is the address right?`, { cause: error })
  }
  if (known.code === 'unauthenticated') {
    return new ClusterError('unauthenticated', `The master at ${url} does not accept ctl's token: ${known.message}`, { cause: error })
  }
  return error
}
