import { constants, fstatSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { open } from 'node:fs/promises'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { OutputBounds } from './output-bounds.ts'
import { punchHole } from './punch-hole.ts'
import { runFiles } from './run-files.ts'

export type OutputListener = (offset: number, bytes: Uint8Array) => void

export interface OutputOptions {
  /** How much of the output is kept on disk. Without it the output is only read: nothing is let go or written down. */
  limitBytes?: number
  onWarning: (text: string) => void
}

const chunkBytes = 64 * 1024
const maxReadBytes = 1024 * 1024
const noteEveryMs = 1_000
const retryMs = 10_000

interface Follower {
  position: number
  listener: OutputListener
}

/** What a game has written, addressed by the offset from its first byte, while it runs and afterwards. */
export class RunOutput {
  readonly #path: string
  readonly #file: FileHandle
  readonly #bounds: OutputBounds
  readonly #options: OutputOptions
  readonly #followers = new Set<Follower>()
  #end: number
  #notedAt = 0
  #pump: Promise<void> | undefined
  #isPumping = false
  #punch: Promise<void> | undefined
  #punchAgainAt = 0
  #isClosed = false

  static async open(directory: string, options: OutputOptions): Promise<RunOutput> {
    const path = runFiles(directory).output
    const file = await open(path, constants.O_RDONLY)
    try {
      return new RunOutput(path, file, new OutputBounds(directory, { isReadOnly: options.limitBytes === undefined }), options)
    } catch (error) {
      await file.close()
      throw error
    }
  }

  private constructor(path: string, file: FileHandle, bounds: OutputBounds, options: OutputOptions) {
    this.#path = path
    this.#file = file
    this.#bounds = bounds
    this.#options = options
    this.#end = bounds.notedEnd
    this.refresh()
  }

  /** The first byte that is kept. */
  get head(): number {
    return Math.min(this.#bounds.head, this.#end)
  }

  /** How many bytes are known to be written: the offset of the next one. */
  get end(): number {
    return this.#end
  }

  /**
   * Up to `maxBytes` (at most 1 MiB) from an offset on; none at the end. Throws `console_gone` with `details.head` for
   * what is not kept any more.
   */
  async read(from: number, maxBytes: number): Promise<{ offset: number; bytes: Uint8Array }> {
    this.#requireOpen()
    this.refresh()
    this.#requireKept(from)
    const bytes = await this.#readAt(from, Math.min(maxBytes, maxReadBytes))
    this.#requireKept(from)
    return { offset: from, bytes }
  }

  /**
   * The offset where the last `lines` lines begin. Looks at no more than the last `maxBytes`; if those hold fewer
   * lines, it is where the first whole line among them begins.
   */
  async tailOffset(lines: number, maxBytes = maxReadBytes): Promise<number> {
    this.#requireOpen()
    this.refresh()
    const { end } = this
    const floor = Math.max(this.head, end - maxBytes)
    let missing = lines
    let firstLine = end
    for (let top = end; top > floor && missing > 0;) {
      const start = Math.max(floor, top - chunkBytes)
      const bytes = await this.#readAt(start, top - start)
      for (let at = bytes.lastIndexOf(10); at >= 0 && missing > 0; at = at > 0 ? bytes.lastIndexOf(10, at - 1) : -1) {
        // The newline that ends the output ends the last line; it begins none.
        if (start + at + 1 === end) continue
        firstLine = start + at + 1
        missing -= 1
      }
      top = start
    }
    const isWhole = floor === 0 || floor === this.#bounds.base
    return missing > 0 && isWhole ? floor : Math.max(firstLine, this.head)
  }

  /**
   * Gives every byte from an offset on to the listener, once, in order, and later ones as they are written, in chunks of
   * at most 64 KiB that the listener may keep. Only if the head overtakes a listener is there a gap, which the offset shows.
   * Returns a function that ends it. Throws `console_gone` with `details.head`, unless `skipsGone` leaves out what is not
   * kept any more, and `invalid_request` for an offset to come.
   */
  follow(from: number, listener: OutputListener, { skipsGone = false } = {}): () => void {
    this.#requireOpen()
    this.refresh()
    if (!skipsGone) this.#requireKept(from)
    if (from > this.#end) {
      throw new ClusterError('invalid_request', `Tried to follow the console from ${from}, but it ends at ${this.#end}. Follow from there`,
        { details: { end: this.#end } })
    }
    const follower = { position: from, listener }
    this.#followers.add(follower)
    this.#wake()
    return () => this.#followers.delete(follower)
  }

  /** Looks how much there is; true if it has become more. Called by the owner when the file may have grown. */
  refresh(): boolean {
    if (this.#isClosed) return false
    const { size } = fstatSync(this.#file.fd)
    const before = this.#end
    if (this.#bounds.base + size < before) this.#survive(() => this.#bounds.startAnew(before))
    this.#end = this.#bounds.base + size
    if (this.#end === before) {
      if (this.#laggard() !== undefined) this.#wake()
      return false
    }
    const now = performance.now()
    if (now - this.#notedAt > noteEveryMs) {
      this.#notedAt = now
      this.#survive(() => this.#bounds.note(this.#end))
    }
    this.#trim()
    this.#wake()
    return true
  }

  /** Resolves when every follower has had what is written by now. */
  async drained(): Promise<void> {
    this.#survive(() => this.refresh())
    while (this.#isPumping) await this.#pump
  }

  /** Ends all following and lets go of the files. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.refresh()
    this.#isClosed = true
    this.#followers.clear()
    await this.#pump
    await this.#punch
    this.#survive(() => this.#bounds.note(this.#end))
    this.#bounds.close()
    await this.#file.close()
  }

  #wake(): void {
    if (this.#followers.size > 0 && !this.#isPumping) this.#pump = this.#deliver()
  }

  /** Each chunk is awaited, which gives other runs their turn: none can hold up the rest by writing much. */
  async #deliver(): Promise<void> {
    this.#isPumping = true
    try {
      // `follow` returns before its listener is called.
      await Promise.resolve()
      for (let start = this.#laggard(); start !== undefined; start = this.#laggard()) await this.#deliverFrom(start)
    } catch (error) {
      // The disk failed; the next activity tries again.
      this.#options.onWarning(`Cannot read ${this.#path}: ${error instanceof Error ? error.message : String(error)}`)
    } finally {
      // In the same step as the last look for laggards, or one that fell behind in between would wait.
      this.#isPumping = false
    }
  }

  async #deliverFrom(start: number): Promise<void> {
    const { head } = this
    if (start < head) {
      for (const follower of this.#followers) follower.position = Math.max(follower.position, head)
      return
    }
    const bytes = await this.#readAt(start, chunkBytes)
    if (start < this.#bounds.head || bytes.length === 0) this.refresh()
    else for (const follower of this.#followers) this.#hand(follower, start, bytes)
  }

  #hand(follower: Follower, start: number, bytes: Uint8Array): void {
    const { position } = follower
    const end = start + bytes.length
    if (position < start || position >= end || !this.#followers.has(follower)) return
    follower.position = end
    this.#survive(() => follower.listener(position, bytes.subarray(position - start)))
  }

  #laggard(): number | undefined {
    let least = this.#end
    for (const { position } of this.#followers) least = Math.min(least, position)
    return least < this.#end ? least : undefined
  }

  async #readAt(offset: number, maxBytes: number): Promise<Uint8Array> {
    const { base } = this.#bounds
    const length = Math.max(0, Math.min(maxBytes, this.#end - offset))
    const { buffer, bytesRead } = await this.#file.read(Buffer.allocUnsafe(length), 0, length, offset - base)
    // Truncated meanwhile: these bytes are not what stood at the offset.
    return base === this.#bounds.base ? buffer.subarray(0, bytesRead) : new Uint8Array()
  }

  #trim(): void {
    const { limitBytes } = this.#options
    if (limitBytes === undefined || this.#punch || performance.now() < this.#punchAgainAt || this.#end - this.head <= limitBytes * 0.75) return
    this.#punch = this.#release(this.head, this.#end - Math.floor(limitBytes / 2))
      .catch((error: Error) => {
        this.#punchAgainAt = performance.now() + retryMs
        this.#options.onWarning(`Cannot trim ${this.#path}: ${error.message}`)
      })
      .finally(() => {
        this.#punch = undefined
        // What came meanwhile may have been the last of the output.
        if (!this.#isClosed) this.#trim()
      })
  }

  async #release(before: number, head: number): Promise<void> {
    this.#bounds.publishHead(head, this.#end)
    if (await punchHole(this.#path, head - this.#bounds.base)) return
    this.#punchAgainAt = Infinity
    this.#bounds.publishHead(before, this.#end)
    this.#options.onWarning(`The disk use of ${this.#path} cannot be bounded: its file system has no holes, or fallocate is missing. `
      + 'Put the data directory on ext4, xfs, btrfs or tmpfs')
  }

  /** A full disk or a faulty listener must cost no one else the output. */
  #survive(action: () => void): void {
    try {
      action()
    } catch (error) {
      this.#options.onWarning(`${this.#path}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  #requireOpen(): void {
    if (this.#isClosed) throw new ClusterError('shutting_down', 'Tried to read a console that the slave has let go of; ask again later')
  }

  #requireKept(from: number): void {
    const { head } = this
    if (from >= head) return
    throw new ClusterError('console_gone', `Tried to read the console from ${from}, but it is only kept from ${head} on. Read from there`,
      { details: { head } })
  }
}
