import { ClusterError } from '../../errors/cluster-error.ts'
import type { Channel, ChannelEvents, ChannelSettings } from '../channel.ts'
import { decodeFrame, encodeFrame, encodeMessage, messageOf } from '../codec/session.ts'
import type { SessionFrame } from '../codec/session.ts'
import type { Connection } from '../connection.ts'
import { LinkFault, malformed } from '../fault.ts'
import { Heartbeat } from '../heartbeat.ts'
import type { Message } from '../message.ts'
import { Payload } from '../payload.ts'
import type { Transport } from '../transport/transport.ts'
import { Receipts } from './receipts.ts'
import { SendBuffer } from './send-buffer.ts'

const closeCode = 1000
/** Close codes of a WebSocket that say that a frame can't be taken, whosever it was: to resume would only bring it again. */
const refusedFrame = new Map([
  [1002, 'frames are not as their receiver takes them'],
  [1003, 'frames are not as their receiver takes them'],
  [1007, 'frames are not as their receiver takes them'],
  [1009, 'a message is larger than its receiver takes'],
])
const heartbeatFrame = encodeFrame({ type: 'heartbeat' })
/**
 * How many times the size of the send buffer may wait for a peer to read it: what is kept has up to three bytes for each
 * of the units that are counted, and volatile events come on top.
 */
const mostUnread = 4

/**
 * The session dialect: a channel that outlives its connections. What the peer has not acknowledged is kept and sent
 * again on the next connection; what the peer sends again is dropped by its `seq`. So every message arrives once and
 * in order, or the session ends with an error on both sides.
 */
export class Session implements Channel {
  readonly dialect = 'session'
  readonly carriesKeys = true
  readonly id: string
  readonly #settings: ChannelSettings
  readonly #first: Connection
  readonly #buffer = new SendBuffer()
  readonly #receipts: Receipts
  #events: ChannelEvents | undefined
  #transport: Transport | undefined
  #heartbeat: Heartbeat | undefined
  #address = ''
  #sentSeq = 0
  #resumeTimer: NodeJS.Timeout | undefined
  #hasEnded = false

  /** `connection` is the first one, on which the handshake is done; it is read from when the session is started. */
  constructor(id: string, settings: ChannelSettings, connection: Connection) {
    this.id = id
    this.#settings = settings
    this.#first = connection
    this.#receipts = new Receipts(settings, (ack) => this.#write(encodeFrame({ type: 'ack', ack })))
  }

  get address(): string {
    return this.#address
  }

  get isOpen(): boolean {
    return !this.#hasEnded
  }

  get isConnected(): boolean {
    return this.#transport !== undefined
  }

  get bufferedBytes(): number {
    return this.#transport?.bufferedBytes ?? 0
  }

  /** How many messages are kept because the peer has not acknowledged them. */
  get unacknowledged(): number {
    return this.#buffer.length
  }

  /** Highest `seq` that was given to a message of ours. */
  get sentSeq(): number {
    return this.#sentSeq
  }

  /** Highest `seq` that arrived here: what the peer need not send again. */
  get receivedSeq(): number {
    return this.#receipts.received
  }

  start(events: ChannelEvents): void {
    this.#events = events
    this.#use(this.#first)
  }

  /**
   * Goes on over a new connection. `peerReceived` is the highest `seq` that the peer says it has; a connection that
   * still looked alive is let go, for the peer has shown that it uses another. A session that has ended says so to the
   * peer and closes the connection.
   */
  attach(connection: Connection, peerReceived: number): void {
    const { transport } = connection
    if (this.#hasEnded) {
      transport.send(closeFrame('session_lost', 'the session has ended'))
      transport.close(closeCode, '')
      return
    }
    const previous = this.#transport
    clearTimeout(this.#resumeTimer)
    this.#buffer.acknowledge(peerReceived)
    // The peer was told how far we are when it came back.
    this.#receipts.reset()
    for (const frame of this.#buffer.frames()) transport.send(frame)
    this.#use(connection)
    previous?.terminate()
    this.#events?.connected(true)
  }

  #use(connection: Connection): void {
    const { transport } = connection
    this.#transport = transport
    this.#address = transport.address
    this.#heartbeat?.close()
    const heartbeat = new Heartbeat({ beat: () => this.#write(heartbeatFrame), dead: () => transport.terminate(), isHeld: () => transport.isHeld === true }, this.#settings)
    this.#heartbeat = heartbeat
    connection.handOver({
      frame: (text) => {
        heartbeat.heard()
        if (this.#transport === transport) this.#receive(text)
      },
      alive: () => heartbeat.heard(),
      arrived: () => heartbeat.heard(),
      closed: ({ code }) => {
        heartbeat.close()
        if (this.#transport === transport) this.#detach(refusedFrame.get(code))
      },
    })
  }

  carries(): boolean {
    return true
  }

  send(message: Message): number {
    const seq = this.#sentSeq + 1
    // Before it is counted: a message that can't be encoded must leave no gap.
    const frame = encodeMessage(message, seq)
    this.#sentSeq = seq
    if (this.#hasEnded) return seq
    // What is full counts without this message: its size says nothing of how fast the peer is.
    if (this.#buffer.bytes > this.#settings.sendBufferBytes) {
      this.end('The peer acknowledges too slowly: the send buffer is full', 'session_lost')
      return seq
    }
    this.#buffer.push(seq, frame)
    this.#receipts.ride()
    this.#write(frame)
    return seq
  }

  sendVolatile(message: Message): void {
    // A slow receiver misses volatile events, so that they take no room from those that are kept.
    if (this.bufferedBytes > this.#settings.sendBufferBytes / 2) return
    this.#receipts.ride()
    this.#write(encodedOnce(message))
  }

  close(reason: string): void {
    this.end(reason, 'link_closed')
  }

  /** Ends the session for good and tells the peer why, if it is there. */
  end(reason: string, code: 'link_closed' | 'session_lost'): void {
    if (this.#hasEnded) return
    this.#transport?.send(closeFrame(code, reason))
    this.#finish(reason, new ClusterError(code, `The connection ended before the answer came: ${reason}`))
  }

  #finish(reason: string, error: ClusterError): void {
    this.#hasEnded = true
    this.#receipts.reset()
    clearTimeout(this.#resumeTimer)
    this.#heartbeat?.close()
    this.#buffer.clear()
    this.#transport?.close(closeCode, reason)
    this.#transport = undefined
    queueMicrotask(() => this.#events?.closed({ reason, error }))
  }

  #detach(refusal: string | undefined): void {
    this.#transport = undefined
    this.#receipts.reset()
    if (refusal !== undefined) {
      this.end(refusal, 'link_closed')
      return
    }
    this.#resumeTimer = setTimeout(
      () => this.end('the connection was lost and did not come back in time', 'session_lost'),
      this.#settings.resumeWindowMs,
    )
    this.#resumeTimer.unref()
    this.#events?.connected(false)
  }

  #receive(text: string): void {
    if (this.#hasEnded) return
    try {
      const frame = decodeFrame(text)
      if (frame.header.ack !== undefined) this.#acknowledge(frame.header.ack)
      if (frame.header.seq !== undefined) this.#receiveSequenced(frame, frame.header.seq, text.length)
      else this.#receiveUnsequenced(frame)
    } catch (error) {
      // The sequence can't be trusted any more, and a resume would bring the same frame again.
      this.end(error instanceof LinkFault ? error.reason : 'Internal error', 'link_closed')
    }
  }

  /** Cuts the connection of a peer that acknowledges and does not read: it would have us keep everything. */
  #write(frame: string): void {
    const transport = this.#transport
    if (!transport) return
    if (transport.bufferedBytes > mostUnread * this.#settings.sendBufferBytes) transport.terminate()
    else transport.send(frame)
  }

  #acknowledge(seq: number): void {
    if (seq > this.#sentSeq) throw new LinkFault(malformed)
    this.#buffer.acknowledge(seq)
  }

  #receiveSequenced(frame: SessionFrame, seq: number, bytes: number): void {
    const { received } = this.#receipts
    if (seq <= received) return
    const message = messageOf(frame)
    if (seq !== received + 1 || !message) throw new LinkFault(malformed)
    this.#receipts.add(bytes)
    this.#events?.message({ seq, message })
  }

  #receiveUnsequenced(frame: SessionFrame): void {
    const { type } = frame.header
    if (type === 'ack' || type === 'heartbeat') return
    if (type === 'close') {
      const reason = frame.header.error?.message ?? 'closed by the peer'
      const code = frame.header.error?.code === 'session_lost' ? 'session_lost' : 'link_closed'
      this.#finish(reason, new ClusterError(code, `The peer ended the connection: ${reason}`))
      return
    }
    const message = messageOf(frame)
    if (message?.kind !== 'event') throw new LinkFault(malformed)
    this.#events?.message({ seq: 0, message })
  }
}

function closeFrame(code: 'link_closed' | 'session_lost', reason: string): string {
  return encodeFrame({ type: 'close', error: { code, message: reason } }, Payload.ofValue({ reason }))
}

const volatileFrames = new WeakMap<Message, string>()

/** The frame of an event for many receivers: encoded for the first, the same text for the others. */
function encodedOnce(message: Message): string {
  let frame = volatileFrames.get(message)
  if (frame === undefined) {
    frame = encodeMessage(message)
    volatileFrames.set(message, frame)
  }
  return frame
}
