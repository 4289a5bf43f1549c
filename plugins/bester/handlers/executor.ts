import { ClusterError, withDeadline } from '../../../lib/plugin.ts'
import type { ClusterView, ErrorCode, Logger, UserPrincipal } from '../../../lib/plugin.ts'
import type { Clients } from '../clients.ts'
import type { Handler, Settings } from '../settings.ts'
import { encodeFrame } from '../wire/frame.ts'
import { delivery, isObject, readWithin, serverMessage } from '../wire/messages.ts'
import type { Payload } from '../wire/messages.ts'
import { readReply } from '../wire/reply.ts'
import type { SendClients, SendServers } from '../wire/reply.ts'
import { askHandler } from './ask-handler.ts'
import { Deadlines } from './deadlines.ts'
import { sendToServers } from './send-to-servers.ts'

/** Handlers that may pass one message on to one another. */
const maxHandlers = 16

/** Longest data of a request. */
const maxRequestLength = 1_048_576
/** A handler that fails now and then is named in the log once in this time. */
const quietMs = 60_000

/** The client that a message is from. */
export interface Originator {
  readonly principal: UserPrincipal
  deliver(frame: Buffer): void
}

export interface ExecutorParts {
  readonly settings: Pick<Settings, 'handlers' | 'handlerTimeoutMs' | 'maxFrameBytes'>
  readonly clients: Pick<Clients, 'deliver'>
  readonly cluster: Pick<ClusterView, 'request' | 'isInForce'>
  readonly log: Logger
  /** Makes an id for a message to another server that has none. */
  readonly newId: () => string
}

/** Has messages answered by their handlers and does what those command. */
export class Executor {
  readonly #parts: ExecutorParts
  readonly #deadlines: Deadlines
  /** Types of which the log says that their handler fails. */
  readonly #failing = new Set<string>()
  /** When that was said last. */
  readonly #warnedAt = new Map<string, number>()

  constructor(parts: ExecutorParts) {
    this.#parts = parts
    this.#deadlines = new Deadlines(parts.settings.handlerTimeoutMs)
  }

  /** Whether all has been done; never throws. Messages of other servers have no originator. */
  async execute({ type, data, id }: Payload, originator: Originator | undefined): Promise<boolean> {
    const { cluster } = this.#parts
    let [handler, input] = [type, data]
    try {
      for (let count = 0; count < maxHandlers; count += 1) {
        const body = await this.#answer(handler, input, originator)
        const reply = body && readReply(body)
        this.#succeeded(handler)
        if (!reply) return true
        // He may have been deleted, or have got another password, while the handler was at it.
        if (originator && !cluster.isInForce(originator.principal)) throw new ClusterError('forbidden', 'The user who sent it has no rights any more')
        if (reply.command === 'sendClients') return this.#sendClients(handler, reply)
        if (reply.command === 'sendServers') return await this.#sendServers(handler, reply, id)
        ;[handler, input] = [reply.handler, reply.data]
      }
      throw new ClusterError('malformed', `The message went through ${maxHandlers} handlers without an end`)
    } catch (error) {
      this.#failed(handler, ClusterError.from(error))
      return false
    }
  }

  /** The frame that a handler answers; undefined when nothing is left to be done. */
  #answer(type: string, data: string, originator: Originator | undefined): Promise<Buffer | undefined> {
    const { handlers, maxFrameBytes } = this.#parts.settings
    const handler = handlers.get(type)
    if (!handler) throw new ClusterError('unknown_type', 'There is no such handler')
    if (handler.kind === 'request') return this.#request(type, handler.request, data, originator)
    return askHandler(this.#frame(encodeFrame(data)), { path: handler.path, deadlines: this.#deadlines, maxFrameBytes, waitsForStart: handler.isStarted })
  }

  /** Asks the cluster in the right of the user who sent the message, and gives him the answer on the same connection. */
  async #request(type: string, request: string, data: string, originator: Originator | undefined): Promise<undefined> {
    if (!originator) throw new ClusterError('forbidden', 'Another server asked for it, and no user, in whose right it could be done')
    const value = readWithin(data, maxRequestLength)
    if (value !== null && !isObject(value)) throw new ClusterError('invalid_request', 'The data of a request is an object')
    const { cluster, settings: { handlerTimeoutMs: ms } } = this.#parts
    const answer = await withDeadline(cluster.request(request, value ?? {}, originator.principal), ms, () => (
      new ClusterError('deadline', `${request} has not been answered within ${ms} ms; it may still be done`)
    ))
    originator.deliver(this.#frame(delivery(type, JSON.stringify(answer))))
  }

  #sendClients(handler: string, { names, data }: SendClients): true {
    const frame = this.#frame(delivery(handler, data))
    for (const name of names) this.#parts.clients.deliver(name, frame)
    return true
  }

  async #sendServers(handler: string, { addresses, data }: SendServers, id: string | undefined): Promise<boolean> {
    const { settings: { handlerTimeoutMs }, log, newId } = this.#parts
    const frame = this.#frame(serverMessage(handler, data, id ?? newId()))
    const failures = await sendToServers(addresses, frame, handlerTimeoutMs)
    if (failures.length > 0) log.debug(`Servers that ${handler} named were not reached`, { failures: failures.slice(0, 10) })
    return failures.length === 0
  }

  /** Who gets a frame may have the same limit as we. */
  #frame(frame: Buffer): Buffer {
    if (frame.length - 4 <= this.#parts.settings.maxFrameBytes) return frame
    throw new ClusterError('too_large', `The message to be sent is larger than ${this.#parts.settings.maxFrameBytes} bytes`)
  }

  // Anybody may name a type that there is not, as often as he likes, and a handler may refuse; what is on record is said when it begins to fail.
  #failed(type: string, { code, message, cause }: ClusterError): void {
    const { settings: { handlers }, log } = this.#parts
    if (code === 'peer_refused') this.#succeeded(type)
    if (code === 'internal') log.error(`A message for ${type} failed`, { error: String(cause) })
    else if (this.#begunToFail(type, code, handlers.get(type)?.kind)) log.warn(`The handler ${type} fails: ${message}`)
    else log.debug(`A message for ${type.slice(0, 100)} failed: ${message}`)
  }

  /** Whether it is the handler's fault and has not been said; it counts as said then. */
  #begunToFail(type: string, code: ErrorCode, kind: Handler['kind'] | undefined): boolean {
    const isItsFault = kind === 'socket' ? code !== 'peer_refused' && code !== 'forbidden' : kind === 'request' && code === 'unknown_type'
    if (!isItsFault || this.#failing.has(type)) return false
    const now = performance.now()
    if (now - (this.#warnedAt.get(type) ?? -Infinity) < quietMs) return false
    this.#failing.add(type)
    this.#warnedAt.set(type, now)
    return true
  }

  #succeeded(type: string): void {
    if (this.#failing.delete(type)) this.#parts.log.info(`The handler ${type} works again`)
  }
}
