import { encodeBytes, wholeCharacters } from '../../lib/link/console-bytes.ts'
import type { Link } from '../../lib/link/link.ts'
import { instanceOutput } from '../../lib/link/messages/console.ts'
import { lastExitOf } from '../run/run-exit.ts'
import type { RunExit } from '../run/run-exit.ts'
import type { RunOutput } from '../run/output.ts'

/** More than this waiting to be sent, and the feed holds: the game's output waits in its file. */
const maxBufferedBytes = 1_048_576
const resumeCheckMs = 20

/** Sends what one run prints over a link, from now on or from an offset; when the link is slow it falls behind but leaves nothing out. */
export class ConsoleFeed {
  readonly #instanceId: number
  readonly #run: number
  readonly #output: RunOutput
  readonly #link: Link
  #position: number
  #carried = Buffer.alloc(0)
  #stop: (() => void) | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(link: Link, instanceId: number, run: number, output: RunOutput, from = output.end) {
    this.#link = link
    this.#instanceId = instanceId
    this.#run = run
    this.#output = output
    this.#position = from
    this.#follow()
  }

  /** The run, and where in its output goes on who goes on after this feed. */
  get place(): { run: number; offset: number } {
    return { run: this.#run, offset: this.#position - this.#carried.length }
  }

  /** The run has ended; everything was printed. What was held back is left to who reads by offset. */
  end(exit: RunExit): void {
    this.#send(this.#carried, exit)
    this.close()
  }

  close(): void {
    this.#stop?.()
    this.#stop = undefined
    clearTimeout(this.#timer)
  }

  #follow(): void {
    // What was let go in the meantime can't be sent; the receiver sees the gap in the offsets.
    this.#stop = this.#output.follow(this.#position, (offset, bytes) => this.#take(offset, bytes), { skipsGone: true })
  }

  #take(offset: number, bytes: Uint8Array): void {
    // Over a link that has ended nothing is sent.
    if (!this.#stop || !this.#link.isOpen) return
    // Half a character whose other half is gone.
    if (offset !== this.#position) this.#carried = Buffer.alloc(0)
    const whole = this.#carried.length > 0 ? Buffer.concat([this.#carried, bytes]) : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    const length = wholeCharacters(whole)
    this.#position = offset + bytes.length
    // A copy: the reader's buffer is used again.
    this.#carried = Buffer.from(whole.subarray(length))
    this.#send(whole.subarray(0, length))
    if (this.#link.channel.bufferedBytes > maxBufferedBytes) this.#hold()
  }

  #send(bytes: Buffer, exit?: RunExit): void {
    if (bytes.length === 0 && !exit) return
    const offset = this.#position - (exit ? bytes.length : bytes.length + this.#carried.length)
    this.#link.emit(instanceOutput, {
      instance_id: this.#instanceId,
      output: { run: this.#run, offset, ...encodeBytes(bytes), ...(exit ? { exit: lastExitOf(exit) } : {}) },
    })
  }

  #hold(): void {
    this.#stop?.()
    this.#stop = undefined
    this.#timer = setTimeout(() => {
      if (this.#link.channel.bufferedBytes > maxBufferedBytes / 2) this.#hold()
      else this.#follow()
    }, resumeCheckMs)
  }
}
