import { decodeBytes } from '../../lib/link/console-bytes.ts'
import type { EventOf } from '../../lib/link/define.ts'
import { readConsole } from '../../lib/link/messages/console.ts'
import type { instanceOutput } from '../../lib/link/messages/console.ts'
import { LineSplitter } from '../../lib/text/line-splitter.ts'
import type { ConsoleService } from '../services/consoles.ts'
import type { InstanceService } from '../services/instances.ts'
import type { SlaveService } from '../services/slaves.ts'

interface Parts {
  readonly instances: InstanceService
  readonly slaves: SlaveService
  readonly consoles: ConsoleService
}

interface Listener {
  /** undefined: all. */
  readonly instances: ReadonlySet<number> | undefined
  take(instanceId: number, run: number, text: string): void
}

type Output = Pick<EventOf<typeof instanceOutput>['output'], 'run' | 'offset'> & { readonly bytes: Buffer; readonly isLast: boolean; readonly isWholeLine: boolean }

/** Output that waits to be split while the slave is asked whether a line begins with it. */
const maxWaitingBytes = 256 * 1024
const newline = 10

/** Whole lines of consoles, for listeners within the master. A console flows only while somebody listens to it. */
export class ConsoleLines {
  readonly #parts: Parts
  readonly #listeners = new Set<Listener>()
  readonly #followed = new Map<number, () => void>()

  constructor(parts: Parts) {
    this.#parts = parts
    parts.instances.onChange((id) => {
      if (this.#listeners.size > 0) this.#follow(id)
    })
  }

  /** Calls the listener with the lines that these instances print, or all, until the returned function is called. */
  listen(instances: readonly number[] | undefined, take: Listener['take']): () => void {
    const listener = { instances: instances && new Set(instances), take }
    this.#listeners.add(listener)
    const update = (): void => {
      for (const { id } of this.#parts.instances.list()) this.#follow(id)
    }
    update()
    return () => {
      this.#listeners.delete(listener)
      update()
    }
  }

  /** Follows an instance's console, or lets go of it, as listeners want and as there is such an instance. */
  #follow(id: number): void {
    const isWanted = this.#parts.instances.get(id) !== undefined && this.#wanting(id).length > 0
    const stop = this.#followed.get(id)
    if (isWanted === (stop !== undefined)) return
    stop?.()
    if (isWanted) this.#followed.set(id, this.#read(id))
    else this.#followed.delete(id)
  }

  #wanting(id: number): Listener[] {
    return [...this.#listeners].filter(({ instances }) => instances === undefined || instances.has(id))
  }

  #read(id: number): () => void {
    const lines = new ConsoleReader((run, offset) => this.#isLineStart(id, run, offset), (run, text) => {
      for (const { take } of this.#wanting(id)) take(id, run, text)
    })
    return this.#parts.consoles.listen(id, (output) => lines.push(outputOf(output)))
  }

  /** Whether a line begins at an offset; when nobody can say, none does. */
  async #isLineStart(id: number, run: number, offset: number): Promise<boolean> {
    const { slave_id: slaveId } = this.#parts.instances.require(id)
    const link = slaveId === null ? undefined : this.#parts.slaves.link(slaveId)
    if (!link) return false
    const { chunk } = await link.send(readConsole, { instance_id: id, run, from: offset - 1, max_bytes: 1 })
    return chunk.offset === offset - 1 && decodeBytes(chunk)[0] === newline
  }
}

/** Splits one console's output into lines. What it gets first may begin within a line, as may what comes after a gap: half a line is no line. */
class ConsoleReader {
  readonly #isLineStart: (run: number, offset: number) => Promise<boolean>
  readonly #take: (run: number, text: string) => void
  #run = 0
  #expected = 0
  #splitter: LineSplitter | undefined
  /** What came while it is not known whether a line begins with it. */
  #waiting: Output[] | undefined
  #waitingBytes = 0

  constructor(isLineStart: (run: number, offset: number) => Promise<boolean>, take: (run: number, text: string) => void) {
    this.#isLineStart = isLineStart
    this.#take = take
  }

  push(output: Output): void {
    const { run, offset, bytes } = output
    if (run !== this.#run || offset !== this.#expected) this.#begin(output)
    this.#expected = offset + bytes.length
    if (!this.#waiting) return this.#split(output)
    this.#waitingBytes += bytes.length
    if (this.#waitingBytes <= maxWaitingBytes) this.#waiting.push(output)
    else this.#decide(this.#waiting, false)
  }

  #begin({ run, offset, isWholeLine }: Output): void {
    this.#run = run
    this.#waiting = undefined
    const isKnownStart = offset === 0 || isWholeLine
    this.#splitter = isKnownStart ? new LineSplitter(offset) : undefined
    if (isKnownStart) return
    const waiting: Output[] = this.#waiting = []
    this.#waitingBytes = 0
    this.#isLineStart(run, offset).then((isStart) => this.#decide(waiting, isStart), () => this.#decide(waiting, false))
  }

  #decide(waiting: Output[], isStart: boolean): void {
    if (this.#waiting !== waiting) return
    this.#waiting = undefined
    const [first] = waiting
    if (first && isStart) this.#splitter = new LineSplitter(first.offset)
    for (const output of waiting) this.#split(output)
  }

  #split({ run, offset, bytes, isLast }: Output): void {
    let from = 0
    if (!this.#splitter) {
      from = bytes.indexOf(newline) + 1
      if (from === 0) return
      this.#splitter = new LineSplitter(offset + from)
    }
    for (const { text } of this.#splitter.push(offset + from, bytes.subarray(from))) this.#take(run, text)
    const rest = isLast ? this.#splitter.flush() : undefined
    if (rest) this.#take(run, rest.text)
  }
}

function outputOf(output: EventOf<typeof instanceOutput>['output']): Output {
  return { run: output.run, offset: output.offset, bytes: decodeBytes(output), isLast: output.exit !== undefined, isWholeLine: output.line !== undefined }
}
