import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { decodeBytes } from '../../lib/link/console-bytes.ts'
import type { ConsoleQuery, ConsoleRead, ConsoleSink, ConsoleSource, Position, RunExit, Start } from './ports.ts'

/** The place up to which a console is printed. Whatever is printed continues it, from run to run. */
export class ConsoleCursor {
  readonly #source: ConsoleSource
  readonly #sink: ConsoleSink
  readonly #start: Start
  readonly #goesOnToLaterRuns: boolean
  #position: Position | undefined
  #endedRun = 0

  constructor(source: ConsoleSource, sink: ConsoleSink, start: Start, goesOnToLaterRuns: boolean) {
    this.#source = source
    this.#sink = sink
    this.#start = start
    this.#goesOnToLaterRuns = goesOnToLaterRuns
  }

  /** Nothing before the first output is known. */
  get position(): Position | undefined {
    return this.#position
  }

  /** Goes to the beginning of a run. */
  begin(run: number): void {
    this.#position = { run, offset: 0 }
  }

  /** Prints what of the bytes continues the position; what was printed already is cut off. */
  async write(bytes: Buffer, offset: number): Promise<void> {
    const position = this.#position
    if (!position || offset > position.offset) return
    const fresh = bytes.subarray(position.offset - offset)
    if (fresh.length === 0) return
    this.#position = { run: position.run, offset: position.offset + fresh.length }
    await this.#sink.write(fresh, position)
  }

  /** Reads and prints all that there is by now. Throws what the source throws, `malformed` when it gives something else, `invalid_request` where the start is beyond the end. */
  async readOn(): Promise<void> {
    for (;;) {
      const answer = await this.#read()
      if (!answer) return
      const { chunk, end, exit, next_run: nextRun } = answer
      const before = this.#position ?? this.#begun(chunk, end)
      this.#position = before
      const bytes = decodeBytes(chunk)
      await this.write(bytes, chunk.offset)
      const { offset } = this.#position
      if (offset < end) {
        if (bytes.length === 0) return
        if (chunk.run !== before.run || offset === before.offset) throw wrongPart()
        continue
      }
      if (exit === null && nextRun === null) return
      this.#announceEnd(before.run, exit)
      if (nextRun === null || !this.#goesOnToLaterRuns) return
      this.begin(nextRun)
    }
  }

  /** Where the first piece begins. Throws `invalid_request` when that was asked for and there is nothing yet. */
  #begun({ run, offset }: Position, end: number): Position {
    const { from = 0 } = this.#start
    if (from <= end) return { run, offset }
    throw new ClusterError('invalid_request', `Byte ${from} is beyond the end of run ${run}, which has printed ${end} bytes; \`ctl instance logs NAME --runs\` lists the runs`)
  }

  /** The next piece; nothing where there is none yet. */
  async #read(): Promise<ConsoleRead | undefined> {
    const position = this.#position
    try {
      return await this.#source.read(position ? { run: position.run, from: position.offset } : startQuery(this.#start))
    } catch (error) {
      const known = ClusterError.from(error)
      if (known.code === 'console_gone') return this.#skipTo(await this.#headOf(known, position))
      if (known.code === 'not_found' && this.#goesOnToLaterRuns) return this.#skipRun(known, position)
      throw error
    }
  }

  /** The run is gone, or there was none yet: goes on with the oldest later one. */
  async #skipRun(error: ClusterError, position: Position | undefined): Promise<ConsoleRead | undefined> {
    const runs = await this.#source.runs()
    if (!position) {
      if (runs.length > 0 || this.#start.run !== undefined) throw error
      return undefined
    }
    const later = runs.map(({ run }) => run).filter((run) => run > position.run)
    return later.length === 0 ? undefined : this.#skipTo({ run: Math.min(...later), offset: 0 })
  }

  async #headOf(error: ClusterError, position: Position | undefined): Promise<Position> {
    const run = position?.run ?? this.#start.run ?? Math.max(...(await this.#source.runs()).map((each) => each.run))
    const { head } = error.details
    if (typeof head !== 'number' || head <= (position?.offset ?? this.#start.from ?? 0)) throw error
    return { run, offset: head }
  }

  #skipTo(to: Position): Promise<ConsoleRead | undefined> {
    this.#sink.gone(this.#position ?? { run: to.run, offset: this.#start.from ?? 0 }, to)
    this.#position = to
    return this.#read()
  }

  #announceEnd(run: number, exit: RunExit | null): void {
    if (this.#endedRun >= run) return
    this.#endedRun = run
    this.#sink.runEnded(run, exit)
  }
}

function startQuery({ run, from, tail }: Start): ConsoleQuery {
  return { ...(run === undefined ? {} : { run }), ...(from === undefined ? {} : { from }), ...(tail === undefined ? {} : { tail }) }
}

function wrongPart(): ClusterError {
  return new ClusterError('malformed', 'The master sent another part of the console than it was asked for; are ctl and master of the same version?')
}
