import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { encodeBytes, wholeCharacters } from '../../lib/link/console-bytes.ts'
import { maxReadBytes } from '../../lib/link/messages/console.ts'
import type { listRuns, readConsole } from '../../lib/link/messages/console.ts'
import type { RequestOf, ResponseOf } from '../../lib/link/define.ts'
import type { InstanceDirectory } from '../instance/record.ts'
import { openRun } from '../run/open-run.ts'
import type { ReadableRun } from '../run/open-run.ts'
import { hasBegun } from '../run/records.ts'
import type { Run } from '../run/run.ts'
import { lastExitOf } from '../run/run-exit.ts'

type Read = Omit<RequestOf<typeof readConsole>, 'instance_id'>

const defaultReadBytes = 262_144
/** A game would have to print a whole bound's worth during each of them. */
const maxAttempts = 20

/** What an instance has printed: the run that goes on now and those before it, as far as they are kept. */
export class ConsoleArchive {
  readonly #directory: InstanceDirectory
  #current: { number: number; run: Run } | undefined
  /** Reads of the current run that are going on: its output is not closed under them. */
  #reads = new Set<Promise<unknown>>()

  constructor(directory: InstanceDirectory) {
    this.#directory = directory
  }

  /** The newest run, running or ended; its output is kept open. The one before it is let go. */
  async setCurrent(number: number, run: Run): Promise<void> {
    const [before, reads] = [this.#current, this.#reads]
    this.#current = { number, run }
    this.#reads = new Set()
    await Promise.allSettled(reads)
    await before?.run.detach()
  }

  /** Reads from an offset, or the last lines. Throws `not_found` (no such run), `console_gone` (`details.head`). */
  async read({ run: wanted, from, tail, max_bytes: maxBytes = defaultReadBytes }: Read): Promise<ResponseOf<typeof readConsole>> {
    const numbers = await this.#directory.runs()
    const isBegun = (number: number): boolean => hasBegun(this.#directory.run(number))
    const number = wanted ?? this.#current?.number ?? numbers.findLast(isBegun)
    if (number === undefined) throw new ClusterError('not_found', 'The instance has not run yet: there is no console to read')
    const answer = await this.#with(number, async ({ output, exit }) => {
      const { offset, bytes } = await readKept(output, () => from ?? (tail === undefined ? output.head : output.tailOffset(tail)), Math.min(maxBytes, maxReadBytes), from === undefined)
      const isLast = offset + bytes.length >= output.end
      // The cut is between characters unless nothing would be left.
      const length = isLast && exit ? bytes.length : wholeCharacters(bytes) || bytes.length
      const next = numbers.find((other) => other > number && isBegun(other))
      return {
        chunk: { run: number, offset, ...encodeBytes(bytes.subarray(0, length)) },
        head: output.head,
        end: output.end,
        exit: exit ? lastExitOf(exit) : null,
        next_run: next ?? null,
      }
    })
    if (!answer) throw new ClusterError('not_found', `There is no console of run ${number}; \`ctl instance logs NAME --runs\` lists what is kept`)
    return answer
  }

  async list(): Promise<ResponseOf<typeof listRuns>> {
    const runs: Array<ResponseOf<typeof listRuns>['runs'][number]> = []
    for (const number of await this.#directory.runs()) {
      const run = await this.#with(number, ({ startedAt, output, exit }) => ({
        run: number, started_at: startedAt, head: output.head, end: output.end, exit: exit ? lastExitOf(exit) : null,
      }))
      if (run) runs.push(run)
    }
    return { runs }
  }

  /** Deletes all but the newest runs, so that those before the one that goes on take no more than `maxBytes` of the disk. */
  async prune(keep: number, maxBytes: number): Promise<void> {
    let left = maxBytes
    for (const [age, number] of (await this.#directory.runs()).toReversed().entries()) {
      if (number === this.#current?.number) continue
      left -= await this.#directory.outputBytes(number)
      if (age >= keep || left < 0) await this.#directory.deleteRun(number)
    }
  }

  async close(): Promise<void> {
    const [before, reads] = [this.#current, this.#reads]
    this.#current = undefined
    await Promise.allSettled(reads)
    await before?.run.detach()
  }

  /** What `use` makes of a run; undefined where no game has begun, and where it is not kept any more. */
  async #with<T>(number: number, use: (run: ReadableRun) => T | Promise<T>): Promise<T | undefined> {
    if (this.#current?.number === number) return this.#withCurrent(this.#current.run, use)
    const run = await openRun(this.#directory.run(number))
    if (!run) return undefined
    try {
      return await use(run)
    } finally {
      await run.close()
    }
  }

  async #withCurrent<T>(run: ReadableRun, use: (run: ReadableRun) => T | Promise<T>): Promise<T> {
    const reads = this.#reads
    const read = Promise.resolve(use(run))
    reads.add(read)
    try {
      return await read
    } finally {
      reads.delete(read)
    }
  }
}

/** Reads from where `begin` says. Where that is not the caller's own offset, a head that overtakes it is no error: it is asked again. */
async function readKept(output: ReadableRun['output'], begin: () => number | Promise<number>, maxBytes: number, mayMove: boolean): Promise<{ offset: number; bytes: Uint8Array }> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await output.read(await begin(), maxBytes)
    } catch (error) {
      if (!mayMove || attempt === maxAttempts || ClusterError.from(error).code !== 'console_gone') throw error
    }
  }
}
