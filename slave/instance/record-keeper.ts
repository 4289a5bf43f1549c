import type { Logger } from '../../lib/log/logger.ts'
import type { InstanceDirectory, InstanceRecord } from './record.ts'

/** New values of a record's fields, or how they follow from the record as it is then. */
export type Change = Partial<InstanceRecord> | ((record: InstanceRecord) => Partial<InstanceRecord>)

/** An instance's record in memory and on disk. Writes go one after the other, and memory follows the disk. */
export class RecordKeeper {
  readonly #directory: InstanceDirectory
  readonly #log: Logger
  #record: InstanceRecord
  #saving: Promise<unknown> = Promise.resolve()

  constructor(directory: InstanceDirectory, record: InstanceRecord, log: Logger) {
    this.#directory = directory
    this.#record = record
    this.#log = log
  }

  /** What was written last. */
  get record(): InstanceRecord {
    return this.#record
  }

  /** Writes a change; it holds once it is durable. Throws `disk_full`, `store_failed`. */
  save(change: Change): Promise<void> {
    const saved = this.#saving.then(async () => {
      const record = changed(this.#record, change)
      await this.#directory.write(record)
      this.#record = record
    })
    this.#saving = saved.catch(() => {})
    return saved
  }

  /** Like `save` for what has happened anyway: a disk that is full changes nothing about it, and a restart finds it out again. */
  async note(change: Change): Promise<void> {
    try {
      await this.save(change)
    } catch (error) {
      this.#record = changed(this.#record, change)
      this.#log.error('What happened to the instance could not be written down', { error: String(error) })
    }
  }

  /** Resolves when nothing is being written any more. */
  async settled(): Promise<void> {
    await this.#saving
  }
}

function changed(record: InstanceRecord, change: Change): InstanceRecord {
  return { ...record, ...(typeof change === 'function' ? change(record) : change) }
}
