import { ClusterError } from '../../errors/cluster-error.ts'
import type { Dialect } from '../channel.ts'
import { decodeEnvelope, encodeEnvelope } from '../codec/base.ts'
import { decodeFrame, encodeFrame } from '../codec/session.ts'
import type { Connection } from '../connection.ts'
import { authenticationFailed } from '../fault.ts'
import { Payload } from '../payload.ts'

/** One frame of the handshake, in either dialect. */
export interface Greeting {
  readonly type: string
  readonly data: unknown
}

/** Speaks the handshake's frames in the dialect of a connection, and counts the `seq` that the base dialect gives them. */
export class Greeter {
  readonly #connection: Connection
  readonly #dialect: Dialect
  #seq = 0

  constructor(connection: Connection, dialect: Dialect) {
    this.#connection = connection
    this.#dialect = dialect
  }

  /** `seq` of the last frame sent: where the channel goes on. */
  get lastSeq(): number {
    return this.#seq
  }

  send(type: string, data: object): void {
    this.#seq += 1
    this.#connection.transport.send(
      this.#dialect === 'base' ? encodeEnvelope(this.#seq, type, data) : encodeFrame({ type }, Payload.ofValue(data)),
    )
  }

  /** The peer's next frame. Throws LinkFault when it can't be read, and the error that a `close` carries. */
  async next(deadlineMs: number): Promise<Greeting> {
    const text = await this.#connection.next(deadlineMs)
    if (this.#dialect === 'base') {
      const { type, data } = decodeEnvelope(text)
      if (type === 'close') throw closeError(String(data.reason))
      return { type, data }
    }
    const { header, data } = decodeFrame(text)
    if (header.type === 'close') throw header.error ? ClusterError.fromWire(header.error) : closeError('closed by the peer')
    return { type: header.type, data: data.value }
  }

  /** Tells the peer why it is not let in, and ends the connection. */
  refuse(error: ClusterError, baseReason: string): void {
    const { transport } = this.#connection
    if (error.code === 'link_closed') {
      // The peer said goodbye first, or is gone.
      transport.close(1_000, '')
      return
    }
    this.#seq += 1
    transport.send(
      this.#dialect === 'base'
        ? encodeEnvelope(this.#seq, 'close', { reason: baseReason })
        : encodeFrame({ type: 'close', error: error.toWire() }, Payload.ofValue({ reason: error.message })),
    )
    transport.close(4_000, baseReason)
  }
}

function closeError(reason: string): ClusterError {
  if (reason === authenticationFailed) return new ClusterError('unauthenticated', 'The master does not accept this token')
  return new ClusterError('link_closed', `The peer closed the connection: ${reason}`)
}
