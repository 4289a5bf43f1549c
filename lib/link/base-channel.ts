import { ClusterError } from '../errors/cluster-error.ts'
import type { Channel, ChannelEvents, ChannelSettings } from './channel.ts'
import { decodeEnvelope, encodeEnvelope } from './codec/base.ts'
import type { BaseCodec } from './codec/base.ts'
import type { Definition } from './define.ts'
import { LinkFault } from './fault.ts'
import { Heartbeat } from './heartbeat.ts'
import { wireType } from './message.ts'
import type { Message } from './message.ts'
import type { Connection } from './connection.ts'
import type { Transport } from './transport/transport.ts'

const closeCode = 1000
const faultCode = 4000

/** The base dialect over one connection (seed 001). `seq` goes on from what the handshake has used. */
export class BaseChannel implements Channel {
  readonly dialect = 'base'
  readonly carriesKeys = false
  readonly #connection: Connection
  readonly #transport: Transport
  readonly #codec: BaseCodec
  readonly #settings: ChannelSettings
  #heartbeat: Heartbeat | undefined
  #seq: number
  #reason: string | undefined
  #events: ChannelEvents | undefined

  constructor(connection: Connection, codec: BaseCodec, settings: ChannelSettings, lastSeq: number) {
    const { transport } = connection
    this.#connection = connection
    this.#transport = transport
    this.#codec = codec
    this.#settings = settings
    this.#seq = lastSeq
  }

  get address(): string {
    return this.#transport.address
  }

  get isOpen(): boolean {
    return this.#reason === undefined && this.#transport.isOpen
  }

  get isConnected(): boolean {
    return this.isOpen
  }

  get bufferedBytes(): number {
    return this.#transport.bufferedBytes
  }

  start(events: ChannelEvents): void {
    const transport = this.#transport
    this.#events = events
    this.#heartbeat = new Heartbeat({ beat: () => transport.ping(), dead: () => transport.terminate(), isHeld: () => transport.isHeld === true }, this.#settings)
    this.#connection.handOver(this)
  }

  send(message: Message): number {
    const data = this.#codec.encode(message)
    if (!data) throw new ClusterError('unknown_type', `The peer speaks a dialect without ${message.type}; it cannot be asked for it`)
    return this.#writeAll(message, data)
  }

  sendVolatile(message: Message): void {
    try {
      for (const data of this.#codec.encode(message) ?? []) {
        // A slow receiver misses volatile events before they can cost it the connection.
        if (this.#transport.bufferedBytes > this.#settings.sendBufferBytes / 2) return
        this.#write(wireType(message), data)
      }
    } catch (error) {
      // They are passed on unread, to many: one that can't be read is left out.
      if (!(error instanceof ClusterError)) throw error
    }
  }

  carries(definition: Definition): boolean {
    return this.#codec.carries(definition)
  }

  close(reason: string): void {
    this.#closeWith(reason, closeCode)
  }

  /** A frame that came after the handshake. */
  frame(text: string): void {
    this.#heartbeat?.heard()
    if (!this.isOpen) return
    try {
      const envelope = decodeEnvelope(text)
      if (envelope.type === 'close') {
        this.#reason = typeof envelope.data.reason === 'string' ? envelope.data.reason : 'closed by the peer'
        this.#transport.close(closeCode, '')
        return
      }
      this.#events?.message({ seq: envelope.seq, message: this.#codec.decode(envelope) })
    } catch (error) {
      this.#closeWith(error instanceof LinkFault ? error.reason : 'Internal error', faultCode)
    }
  }

  alive(): void {
    this.#heartbeat?.heard()
  }

  arrived(): void {
    this.#heartbeat?.heard()
  }

  /** The transport takes no more from the peer, which is to know why. */
  tooLarge(reason: string): void {
    if (this.#reason !== undefined) return
    this.#reason = `Invalid message: ${reason}`
    this.#write('close', { reason: this.#reason })
  }

  closed(): void {
    this.#heartbeat?.close()
    const reason = this.#reason ?? 'connection lost'
    this.#reason = reason
    this.#events?.closed({ reason, error: new ClusterError('link_closed', `The connection ended before the answer came: ${reason}`) })
  }

  #closeWith(reason: string, code: number): void {
    if (this.#reason !== undefined) return
    this.#write('close', { reason })
    this.#reason = reason
    this.#transport.close(code, reason)
  }

  #writeAll(message: Message, data: Iterable<object>): number {
    for (const each of data) this.#write(wireType(message), each)
    return this.#seq
  }

  #write(type: string, data: object): number {
    const frame = encodeEnvelope(this.#seq + 1, type, data)
    this.#seq += 1
    // What waits counts without this message: its size says nothing of how fast the peer reads.
    if (this.#transport.bufferedBytes > this.#settings.sendBufferBytes) {
      this.#reason ??= 'The peer does not read: its send buffer is full'
      this.#transport.terminate()
    } else {
      this.#transport.send(frame)
    }
    return this.#seq
  }
}
