import { WebSocket } from 'ws'
import type { RawData } from 'ws'
import { eventually } from './eventually.ts'
import { faultOf, isEnvelope, isRegistration } from './foreign-catalogue.ts'
import type { ForeignFrame } from './foreign-catalogue.ts'

/** One frame as it went over a wire: `<` came from the peer, `>` went to it. */
export type WireLine = `${'<' | '>'} ${string}`

interface ForeignPeerOwner {
  /** Whether a token is good. */
  accepts(token: string): boolean
  registered(peer: ForeignPeer): void
  /** Answers a control's request, or throws what it is told as the error. */
  answer(peer: ForeignPeer, type: string, data: Record<string, unknown>): Promise<object>
  event(peer: ForeignPeer, type: string, data: Record<string, unknown>): void
  ended(peer: ForeignPeer): void
}

interface Open { readonly type: string; resolve(data: Record<string, unknown>): void; reject(error: Error): void }

/**
 * A foreign master's end of one connection. It takes nothing that the page does not list: whoever sends one key more gets
 * `close` with the page's reason, and `fault` says what it was.
 */
export class ForeignPeer {
  readonly wire: WireLine[] = []
  readonly frames: ForeignFrame[] = []
  fault: string | undefined
  /** Reason of the peer's own `close`. */
  goodbye: unknown
  isOpen = true
  role: 'slave' | 'control' | undefined
  registration: Record<string, unknown> = {}
  readonly #socket: WebSocket
  readonly #owner: ForeignPeerOwner
  readonly #open = new Map<number, Open>()
  #seq = 0
  #heardSeq = 0

  constructor(socket: WebSocket, owner: ForeignPeerOwner) {
    this.#socket = socket
    this.#owner = owner
    socket.on('error', () => {})
    socket.on('message', (data: RawData) => this.#hear((data as Buffer).toString()))
    socket.on('close', () => {
      this.isOpen = false
      for (const { reject } of this.#open.values()) reject(new Error('the peer is gone'))
      owner.ended(this)
    })
    this.send('hello', { version: '2.0.0' })
  }

  get id(): number {
    return this.registration.id as number
  }

  /** Sends a message and returns its `seq`. */
  send(type: string, data: object): number {
    this.#seq += 1
    const frame = JSON.stringify({ seq: this.#seq, type, data })
    this.wire.push(`> ${frame}`)
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(frame)
    return this.#seq
  }

  /** Sends whatever it is. */
  raw(frame: string | Buffer): void {
    this.#socket.send(frame)
  }

  /** Asks the peer. Throws an Error with what it answers as its error. */
  ask(type: string, data: object): Promise<Record<string, unknown>> {
    return new Promise((resolve, reject) => {
      if (!this.isOpen) return reject(new Error('the peer is gone'))
      this.#open.set(this.send(`${type}_request`, data), { type, resolve, reject })
    })
  }

  /** Says why, and ends the connection. */
  close(reason: string): void {
    this.send('close', { reason })
    this.#socket.close(1000)
  }

  terminate(): void {
    this.#socket.terminate()
  }

  /** The first frame from the peer that fits, now or later. */
  until(fits: (frame: ForeignFrame) => boolean, what = 'A frame of the peer'): Promise<ForeignFrame> {
    return eventually(() => {
      const found = this.frames.find(fits)
      if (!found) throw new Error(`it has sent ${this.wire.filter((line) => line.startsWith('<')).join('\n')}`)
      return found
    }, { what, deadlineMs: 10_000 })
  }

  #hear(text: string): void {
    this.wire.push(`< ${text}`)
    if (this.fault !== undefined) return
    const frame = parse(text)
    if (!isEnvelope(frame)) return this.#refuse('Invalid message: Malformed')
    this.frames.push(frame)
    this.#heardSeq += 1
    // The page lets receivers take any integer; what we send is counted all the same.
    if (frame.seq !== this.#heardSeq) return this.#refuse(`seq is ${frame.seq} instead of ${this.#heardSeq}`)
    if (frame.type === 'close') return this.#end(frame)
    if (this.role === undefined) return this.#register(frame)
    const fault = faultOf(this.role, frame)
    if (fault !== undefined) return this.#refuse(fault)
    this.#take(frame)
  }

  #register(frame: ForeignFrame): void {
    if (!isRegistration(frame)) return this.#refuse('Invalid handshake')
    if (!this.#owner.accepts(String(frame.data.token))) return this.close('Authentication failed')
    this.role = frame.type === 'register_slave' ? 'slave' : 'control'
    this.registration = frame.data
    this.send('ready', {})
    this.#owner.registered(this)
  }

  #take({ seq, type: name, data }: ForeignFrame): void {
    const type = name.replace(/_(request|response|event)$/, '')
    if (name.endsWith('_event')) return this.#owner.event(this, type, data)
    if (name.endsWith('_request')) {
      this.#owner.answer(this, type, data).then(
        (response) => this.send(`${type}_response`, { seq, ...response }),
        (error: unknown) => this.send(`${type}_response`, { seq, error: (error as Error).message }),
      )
      return
    }
    const open = this.#open.get(data.seq as number)
    if (open?.type !== type) return this.#refuse(`Invalid message: Unhandled message ${name}`)
    this.#open.delete(data.seq as number)
    if (typeof data.error === 'string') open.reject(new Error(data.error))
    else open.resolve(Object.fromEntries(Object.entries(data).filter(([key]) => key !== 'seq')))
  }

  #end({ data }: ForeignFrame): void {
    if (Object.keys(data).join() !== 'reason' || typeof data.reason !== 'string') return this.#refuse('Invalid message: Malformed')
    this.goodbye = data.reason
    this.#socket.close(1000)
  }

  #refuse(reason: string): void {
    this.fault = reason
    this.close(reason)
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
