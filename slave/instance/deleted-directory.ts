import { randomBytes } from 'node:crypto'
import { readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { syncFolder } from '../../lib/config/write-atomically.ts'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import type { Logger } from '../../lib/log/logger.ts'

const prefix = '.deleted-'

/** What is left of a deleted instance: it is not there any more, but still takes space. */
export class DeletedDirectory {
  readonly #path: string

  private constructor(path: string) {
    this.#path = path
  }

  /** Makes a directory a deleted one, so that this survives a power cut. Throws `store_failed`; then it is as it was. */
  static async of(path: string): Promise<DeletedDirectory> {
    const folder = dirname(path)
    // An instance with this id may have been deleted before, and not be cleared away yet.
    const target = join(folder, `${prefix}${basename(path)}-${randomBytes(6).toString('hex')}`)
    try {
      await rename(path, target)
      await syncFolder(folder)
    } catch (error) {
      throw new ClusterError('store_failed', `${path} could not be deleted: ${(error as Error).message}. Put that right on the slave's host and try again`, { cause: error })
    }
    return new DeletedDirectory(target)
  }

  /** Those in a folder that are not cleared away yet. */
  static async allIn(folder: string): Promise<DeletedDirectory[]> {
    const names = await readdir(folder)
    return names.filter((name) => name.startsWith(prefix)).map((name) => new DeletedDirectory(join(folder, name)))
  }

  /** Gives the space back. What can't be deleted is logged, and left to the next slave. */
  async clear(log: Logger): Promise<void> {
    try {
      await rm(this.#path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
    } catch (error) {
      log.error(`${this.#path} is of a deleted instance and could not be deleted; it is tried again when the slave is started`, { error: String(error) })
    }
  }
}
