import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeAtomically } from '../../lib/config/write-atomically.ts'
import type { Logger } from '../../lib/log/logger.ts'

/** How a slave is being emptied. */
export interface DrainOrder {
  /** When what still runs is stopped, ISO 8601; null: it is left alone. */
  readonly stops_at: string | null
}

interface Content {
  /** Names this data directory: a slave with a copied config has another. */
  readonly data_directory_id: string
  readonly drain: DrainOrder | null
}

const fileName = 'slave.json'

/** What a slave keeps on its disk beside its instances. */
export class SlaveState {
  readonly #file: string
  #content: Content

  private constructor(file: string, content: Content) {
    this.#file = file
    this.#content = content
  }

  /** Reads a data directory's state; a new directory gets a name. Throws `disk_full` when that can't be written. */
  static async open(dataDirectory: string, log: Logger): Promise<SlaveState> {
    const file = join(dataDirectory, fileName)
    const found = await read(file, log)
    if (found) return new SlaveState(file, found)
    const state = new SlaveState(file, { data_directory_id: randomUUID(), drain: null })
    await state.#write(state.#content)
    return state
  }

  get dataDirectoryId(): string {
    return this.#content.data_directory_id
  }

  get drain(): DrainOrder | null {
    return this.#content.drain
  }

  /** Resolves when it would survive a power cut. Throws `disk_full`; then nothing has changed. */
  async setDrain(drain: DrainOrder | null): Promise<void> {
    await this.#write({ ...this.#content, drain })
  }

  async #write(content: Content): Promise<void> {
    await writeAtomically(this.#file, JSON.stringify(content))
    this.#content = content
  }
}

// A slave whose file is damaged still has games to look after: it goes on under a new name, which its master questions.
async function read(file: string, log: Logger): Promise<Content | undefined> {
  try {
    const content = JSON.parse(await readFile(file, 'utf8')) as Partial<Content>
    if (typeof content.data_directory_id !== 'string') throw new Error('it has no data_directory_id')
    return { data_directory_id: content.data_directory_id, drain: content.drain ?? null }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    log.error(`${file} can't be used and is written anew: ${(error as Error).message}`)
    return undefined
  }
}
