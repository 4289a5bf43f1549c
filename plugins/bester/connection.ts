import type { Socket } from 'node:net'
import type { ByteBudget } from './byte-budget.ts'
import { FrameReader } from './wire/frame.ts'

/** What may wait to be handled before no more is read. */
const readAheadBytes = 65_536
/** What may wait to be sent: so many frames of the largest size, a small size counted as the least. */
const backlog = { frames: 4, leastFrameBytes: 1_048_576 }
/** Frames that are sent together are copied into one piece up to this size; larger ones are shared by all whom they are for. */
const joinBytes = 65_536
/** How long a connection that we end may take to end its side. */
const goodbyeMs = 2_000

export interface ConnectionOptions {
  readonly socket: Socket
  readonly address: string
  readonly maxFrameBytes: number
  /** A frame that was begun must go on within this time. */
  readonly pauseMs: number
  /** What the connection may hold of half frames, and of those that are being handled. */
  readonly budget: ByteBudget
  /** Handles a frame; the next one waits for it. What it throws ends the connection. */
  readonly received: (body: Buffer) => Promise<void> | void
  /** Called once the peer is gone; what it has sent before is still handled. */
  readonly gone: () => void
  /** Called once, when it is being ended: nothing more is sent to it. */
  readonly closed: () => void
}

/** A connection of frames, handled one after the other. What is sent to it within one turn leaves in one piece. */
export class Connection {
  readonly #socket: Socket
  readonly #options: ConnectionOptions
  readonly #reader: FrameReader
  #budget: ByteBudget
  #pause: NodeJS.Timeout | undefined
  #isHandling = false
  #handledBytes = 0
  #hasLeft = false
  /** What was sent in this turn. */
  #outgoing: Buffer[] = []
  #outgoingBytes = 0

  constructor(options: ConnectionOptions) {
    const { socket, maxFrameBytes, budget } = options
    this.#options = options
    this.#socket = socket
    this.#reader = new FrameReader(maxFrameBytes)
    this.#budget = budget
    // The socket ends by itself. A peer that closes with a report unread resets the connection: no reason to forget what it said.
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => this.#data(chunk))
    socket.on('end', () => void this.#handle())
    socket.on('close', () => this.#closed())
  }

  get address(): string {
    return this.#options.address
  }

  /** False once it is being ended. */
  get isOpen(): boolean {
    return !this.#hasLeft
  }

  /** Counts what it holds with another budget from now on. */
  moveTo(budget: ByteBudget): void {
    this.#budget.release(this)
    this.#budget = budget
    if (!this.#hasLeft) this.#hold()
  }

  /** Sends a frame; a connection that does not read what it gets is cut off. */
  send(frame: Buffer): void {
    if (this.#hasLeft || this.#socket.destroyed) return
    const maxBytes = backlog.frames * Math.max(this.#options.maxFrameBytes, backlog.leastFrameBytes)
    if (this.#socket.writableLength + this.#outgoingBytes > maxBytes) {
      // What was sent in this turn has had no chance to leave yet.
      this.#flush()
      if (this.#socket.writableLength > maxBytes) return this.cut()
    }
    if (this.#outgoing.length === 0) process.nextTick(() => this.#flush())
    this.#outgoing.push(frame)
    this.#outgoingBytes += frame.length
  }

  /** Sends what is under way and ends the connection; nothing more is read of it. */
  close(): void {
    if (this.#hasLeft) return
    this.#flush()
    this.#leave()
    if (this.#socket.destroyed) return
    // Reading on, into nothing: unread bytes would turn the end into a reset, which takes back what was sent.
    this.#socket.resume()
    this.#socket.end()
    const timer = setTimeout(() => this.#socket.destroy(), goodbyeMs)
    this.#socket.once('close', () => clearTimeout(timer))
  }

  /** Ends the connection at once. */
  cut(): void {
    this.#leave()
    this.#socket.destroy()
  }

  #flush(): void {
    const frames = this.#outgoing
    if (frames.length === 0) return
    const isSmall = this.#outgoingBytes <= joinBytes
    this.#outgoing = []
    this.#outgoingBytes = 0
    if (this.#socket.destroyed) return
    if (isSmall) {
      this.#socket.write(frames.length === 1 ? (frames[0] as Buffer) : Buffer.concat(frames))
      return
    }
    this.#socket.cork()
    for (const frame of frames) this.#socket.write(frame)
    this.#socket.uncork()
  }

  #hold(): void {
    this.#budget.hold(this, this.#reader.pendingBytes + this.#handledBytes)
  }

  #data(chunk: Buffer): void {
    if (this.#hasLeft) return
    this.#reader.push(chunk)
    this.#hold()
    if (this.#hasLeft) return
    if (!this.#isHandling) void this.#handle()
    else if (this.#reader.pendingBytes > readAheadBytes) this.#socket.pause()
  }

  async #handle(): Promise<void> {
    if (this.#isHandling) return
    this.#isHandling = true
    clearTimeout(this.#pause)
    try {
      for (let body = this.#next(); body !== undefined; body = this.#next()) {
        this.#handledBytes = body.length
        const handling = this.#options.received(body)
        if (handling) await handling
      }
    } catch {
      this.close()
    }
    this.#isHandling = false
    this.#handledBytes = 0
    if (this.#hasLeft) return
    if (this.#socket.destroyed) return this.#leave()
    // Who has said all may still have been waiting for answers.
    if (this.#socket.readableEnded) return this.close()
    this.#hold()
    if (this.#hasLeft) return
    this.#socket.resume()
    if (this.#reader.pendingBytes > 0) this.#pause = setTimeout(() => this.cut(), this.#options.pauseMs)
  }

  #next(): Buffer | undefined {
    return this.#hasLeft ? undefined : this.#reader.next()
  }

  /** The peer is gone; what it said before is handled all the same. */
  #closed(): void {
    clearTimeout(this.#pause)
    if (!this.#hasLeft) this.#options.gone()
    if (!this.#isHandling) this.#leave()
  }

  #leave(): void {
    if (this.#hasLeft) return
    this.#hasLeft = true
    clearTimeout(this.#pause)
    this.#budget.release(this)
    this.#options.closed()
  }
}
