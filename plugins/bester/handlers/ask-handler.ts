import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { ClusterError } from '../../../lib/plugin.ts'
import { FrameReader } from '../wire/frame.ts'
import type { Deadlines } from './deadlines.ts'

export interface AskOptions {
  readonly path: string
  readonly deadlines: Deadlines
  readonly maxFrameBytes: number
  /** Tries again while nobody listens, until the deadline: its program is only just starting. */
  readonly waitsForStart: boolean
}

/**
 * What any handler sends is read into this: a buffer of its own for each connection is most of the garbage that a message
 * makes, and the collector has the master's whole heap to go through for it.
 */
const readBuffer = Buffer.allocUnsafeSlow(65_536)

/** How soon a handler that can't take a connection now is tried again, at first and at last. */
const retryMs = { first: 2, last: 50 }

/** Sends a handler one frame over a connection of its own and gives the body of the one it answers. Throws `unreachable`, `deadline`, `malformed`. */
export function askHandler(frame: Buffer, options: AskOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => new Question(frame, options, resolve, reject))
}

class Question {
  readonly #frame: Buffer
  readonly #options: AskOptions
  readonly #resolve: (body: Buffer) => void
  readonly #reject: (error: Error) => void
  readonly #expired: () => void
  #socket: Socket | undefined
  #retry: NodeJS.Timeout | undefined
  #delayMs = retryMs.first

  constructor(frame: Buffer, options: AskOptions, resolve: (body: Buffer) => void, reject: (error: Error) => void) {
    this.#frame = frame
    this.#options = options
    this.#resolve = resolve
    this.#reject = reject
    this.#expired = () => this.#fail('deadline', 'It has not answered in time')
    options.deadlines.add(this.#expired)
    this.#ask()
  }

  #ask(): void {
    const reader = new FrameReader(this.#options.maxFrameBytes)
    const socket = this.#socket = connect({
      path: this.#options.path,
      onread: {
        buffer: readBuffer,
        callback: (bytes) => {
          this.#received(reader, Buffer.from(readBuffer.subarray(0, bytes)))
          return true
        },
      },
    })
    socket.on('error', (error: NodeJS.ErrnoException) => this.#failed(error))
    socket.on('end', () => this.#fail('unreachable', 'It has closed the connection without an answer'))
    socket.write(this.#frame)
  }

  #received(reader: FrameReader, chunk: Buffer): void {
    try {
      reader.push(chunk)
      const body = reader.next()
      if (!body) return
      this.#end()
      this.#resolve(body)
    } catch (error) {
      this.#fail('malformed', ClusterError.from(error).message)
    }
  }

  #failed({ code, message }: NodeJS.ErrnoException): void {
    if (!mayRetry(code, this.#options.waitsForStart)) return this.#fail('unreachable', message)
    this.#retry = setTimeout(() => this.#ask(), this.#delayMs)
    this.#delayMs = Math.min(2 * this.#delayMs, retryMs.last)
  }

  #fail(code: 'unreachable' | 'deadline' | 'malformed', why: string): void {
    this.#end()
    this.#reject(new ClusterError(code, why))
  }

  #end(): void {
    this.#options.deadlines.remove(this.#expired)
    clearTimeout(this.#retry)
    this.#socket?.destroy()
  }
}

function mayRetry(code: string | undefined, waitsForStart: boolean): boolean {
  // Its queue of connections is full: it is busy, not absent.
  if (code === 'EAGAIN') return true
  return waitsForStart && (code === 'ENOENT' || code === 'ECONNREFUSED')
}
