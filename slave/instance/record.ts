import { mkdir, open, readdir, readFile, rename, rm, rmdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { syncFolder } from '../../lib/config/write-atomically.ts'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import type { SerializedConfig } from '../../lib/link/messages/config-groups.ts'
import type { Assignment, InstanceState, WholeAssignment } from '../../lib/link/messages/instances.ts'
import { runFiles } from '../run/run-files.ts'
import { DeletedDirectory } from './deleted-directory.ts'

/** What a slave keeps of an instance on its disk: enough to go on with it without the master. */
export interface InstanceRecord {
  readonly assignment: WholeAssignment
  /** The assignment as the master gave it, where it lacks the template itself. */
  readonly given?: Assignment | null
  /** The same word for word, where the master is of another make. */
  readonly serialized?: SerializedConfig | null
  /** Why it can't be started with what the master gave. */
  readonly unusable?: string | null
  readonly desired: InstanceState['desired']
  readonly ports: Readonly<Record<string, number>>
  /** Those that the assignment had set when `ports` were settled: one of them is not kept once it is not set any more. */
  readonly set_ports?: Readonly<Record<string, number>>
  /** Number of the newest run, 0 before the first. */
  readonly last_run: number
  /**
   * The run that was begun and whose end is not on record. `starting` is written before its launcher is spawned:
   * whoever finds it settles by the run's claim whether the game ever began.
   */
  readonly run: { readonly number: number; readonly phase: 'starting' | 'running' | 'stopping'; readonly is_ready?: boolean } | null
  readonly last_exit: InstanceState['last_exit']
  /** Times of the latest restarts, for the restart policy's window. */
  readonly restarts: readonly string[]
  /** No more restarts are tried: the policy's window is used up. */
  readonly has_given_up: boolean
}

const fileName = 'instance.json'
const remedy = 'restore it; or to give the instance up, end its game and delete the directory'

/** The directory of one instance: its record, its game's data, its runs. */
export class InstanceDirectory {
  readonly path: string

  constructor(path: string) {
    this.path = path
  }

  /** Where the game's own files are. */
  get data(): string {
    return join(this.path, 'data')
  }

  run(number: number): string {
    return join(this.path, 'runs', String(number))
  }

  /** Numbers of the runs whose directories are there, oldest first. */
  async runs(): Promise<number[]> {
    const names = await readdir(join(this.path, 'runs')).catch(() => [])
    return names.map(Number).filter(Number.isSafeInteger).sort((a, b) => a - b)
  }

  /** How much of the disk the output of a run takes. */
  async outputBytes(number: number): Promise<number> {
    const found = await stat(runFiles(this.run(number)).output).catch(() => undefined)
    // Blocks, not size: what was let go of a run's head is a hole.
    return (found?.blocks ?? 0) * 512
  }

  async create(): Promise<void> {
    await mkdir(join(this.path, 'runs'), { recursive: true, mode: 0o711 })
    await mkdir(this.data, { recursive: true, mode: 0o755 })
  }

  /**
   * Reads the record; undefined where there is no such instance. Throws `store_failed` when it can't be read, and where
   * there is a game's data without one.
   */
  async read(): Promise<InstanceRecord | undefined> {
    const file = join(this.path, fileName)
    let text: string
    try {
      text = await readFile(file, 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return this.#clearUnmade()
      throw new ClusterError('store_failed', `${file} can't be read: ${(error as Error).message}`, { cause: error })
    }
    try {
      const record = JSON.parse(text) as InstanceRecord
      if (String(record.assignment.id) !== basename(this.path)) throw new Error(`it is the record of instance ${record.assignment.id}`)
      return record
    } catch (error) {
      throw new ClusterError('store_failed', `${file} is damaged (${(error as Error).message}); ${remedy}`, { cause: error })
    }
  }

  /** The making of an instance may have been interrupted before its record was there: nothing else is there either then. */
  async #clearUnmade(): Promise<undefined> {
    try {
      await removeIfEmpty(this.data)
      await removeIfEmpty(join(this.path, 'runs'))
      await rm(join(this.path, `${fileName}.new`), { force: true })
      await removeIfEmpty(this.path)
    } catch (error) {
      throw new ClusterError('store_failed', `${this.path} has lost its ${fileName}; ${remedy}`, { cause: error })
    }
  }

  /** Writes the record so that it survives a power cut. Throws `disk_full`, `store_failed`. */
  async write(record: InstanceRecord): Promise<void> {
    const file = join(this.path, fileName)
    const draft = `${file}.new`
    try {
      const handle = await open(draft, 'w', 0o600)
      try {
        await handle.writeFile(JSON.stringify(record))
        await handle.datasync()
      } finally {
        await handle.close()
      }
      await rename(draft, file)
      await syncFolder(this.path)
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      if (code === 'ENOSPC' || code === 'EDQUOT') throw new ClusterError('disk_full', `The slave's disk is full: ${file} could not be written, nothing was changed`, { cause: error })
      throw new ClusterError('store_failed', `${file} could not be written: ${message}`, { cause: error })
    }
  }

  /** Deletes it, so that this survives a power cut; the space is given back by `clear`. Throws `store_failed`. */
  delete(): Promise<DeletedDirectory> {
    return DeletedDirectory.of(this.path)
  }

  async deleteRun(number: number): Promise<void> {
    // A launcher that comes late may be about to write into it.
    await rm(this.run(number), { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
  }
}

async function removeIfEmpty(path: string): Promise<void> {
  try {
    await rmdir(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}
