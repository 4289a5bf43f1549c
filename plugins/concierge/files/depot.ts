import { createReadStream, createWriteStream } from 'node:fs'
import type { ReadStream, WriteStream } from 'node:fs'
import { mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Folder } from './folder.ts'
import type { StoredFile } from './folder.ts'
import { FileRefusal } from './refusal.ts'

export interface DepotOptions {
  readonly maxFileBytes: number
  /** For the files of all clients together, those that are being written included. */
  readonly maxTotalBytes: number
  onProblem(error: unknown): void
}

/** Files of one client; their number would otherwise be bounded by the inodes of the disk only. */
const maxFilesPerClient = 10_000

/**
 * The clients' files on disk. What they are called is kept in memory only, and on disk each has a number: so no name can
 * lead anywhere, whatever is in it. The files belong to clients that are connected, so none outlives the process.
 */
export class Depot {
  readonly maxFileBytes: number
  readonly #directory: string
  readonly #options: DepotOptions
  readonly #folders = new Map<string, Folder>()
  #usedBytes = 0
  #lastNumber = 0

  private constructor(directory: string, options: DepotOptions) {
    this.maxFileBytes = options.maxFileBytes
    this.#directory = directory
    this.#options = options
  }

  /** Opens the depot below a directory, rid of what a process that crashed has left there. */
  static async open(parent: string, options: DepotOptions): Promise<Depot> {
    const directory = join(parent, 'files')
    await rm(directory, { recursive: true, force: true })
    await mkdir(directory, { recursive: true, mode: 0o700 })
    return new Depot(directory, options)
  }

  get usedBytes(): number {
    return this.#usedBytes
  }

  /**
   * Begins to write a client's file of at most so many bytes; nothing is seen of it before `commit`. Throws FileRefusal:
   * 409 for a file where a folder is or the reverse, 413 for one that is too large, 507 when there is no space left.
   */
  begin(client: string, file: string, maxBytes: number): Upload {
    const folder = this.#folders.get(client)
    if (folder?.isObstructed(file) ?? file === '') throw obstructed()
    if (maxBytes > this.maxFileBytes) throw new FileRefusal(413, `A file may have ${this.maxFileBytes} bytes`)
    if (this.#usedBytes + maxBytes > this.#options.maxTotalBytes) throw new FileRefusal(507, 'The file server is full; delete files first')
    if ((folder?.size ?? 0) >= maxFilesPerClient) throw new FileRefusal(507, `One client can have ${maxFilesPerClient} files; delete some first`)
    this.#lastNumber += 1
    this.#usedBytes += maxBytes
    const location = join(this.#directory, String(this.#lastNumber))
    return new Upload(location, {
      settle: (bytes) => { this.#usedBytes -= maxBytes - bytes },
      put: (stored) => this.#put(client, file, stored),
      discard: () => this.#discard(location),
    })
  }

  /** A client's file, opened for reading: what is read stays whole if it is replaced or deleted meanwhile. */
  async read(client: string, file: string): Promise<{ stream: ReadStream; bytes: number } | undefined> {
    const stored = this.#folders.get(client)?.find(file)
    if (!stored) return undefined
    try {
      const handle = await open(stored.location)
      return { stream: createReadStream('', { fd: handle }), bytes: stored.bytes }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
  }

  /** Deletes a client's file; false when there is none. */
  async delete(client: string, file: string): Promise<boolean> {
    const stored = this.#folders.get(client)?.remove(file)
    if (stored) await this.#remove(stored)
    return stored !== undefined
  }

  /** Deletes all files of a client that is gone. */
  forget(client: string): void {
    const folder = this.#folders.get(client)
    this.#folders.delete(client)
    for (const stored of folder?.files() ?? []) void this.#remove(stored)
  }

  async close(): Promise<void> {
    this.#folders.clear()
    await rm(this.#directory, { recursive: true, force: true })
  }

  #put(client: string, file: string, stored: StoredFile): void {
    let folder = this.#folders.get(client)
    // It may have become a folder while this was being written.
    if (folder?.isObstructed(file)) throw obstructed()
    if (!folder) this.#folders.set(client, folder = new Folder())
    const replaced = folder.put(file, stored)
    if (replaced) void this.#remove(replaced)
  }

  async #remove({ location, bytes }: StoredFile): Promise<void> {
    await this.#discard(location)
    this.#usedBytes -= bytes
  }

  async #discard(location: string): Promise<void> {
    try {
      await rm(location, { force: true })
    } catch (error) {
      this.#options.onProblem(error)
    }
  }
}

interface UploadEnd {
  /** Gives back what was reserved, down to these bytes. */
  settle(bytes: number): void
  put(stored: StoredFile): void
  discard(): Promise<void>
}

/** A file that is being written; ends with `commit` or `abort`. */
export class Upload {
  readonly #location: string
  readonly #end: UploadEnd

  constructor(location: string, end: UploadEnd) {
    this.#location = location
    this.#end = end
  }

  stream(): WriteStream {
    return createWriteStream(this.#location, { flags: 'wx', mode: 0o600 })
  }

  /** The file is complete and from now on there. Throws FileRefusal 409; then it must be aborted. */
  commit(bytes: number): void {
    this.#end.put({ location: this.#location, bytes })
    this.#end.settle(bytes)
  }

  async abort(): Promise<void> {
    await this.#end.discard()
    this.#end.settle(0)
  }
}

function obstructed(): FileRefusal {
  return new FileRefusal(409, 'There is a folder where the file should be, or a file where a folder should be')
}
