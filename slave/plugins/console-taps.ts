import { LineSplitter } from '../../lib/text/line-splitter.ts'
import type { Instance } from '../instance/instance.ts'
import type { RunOutput } from '../run/output.ts'

interface Listener {
  /** undefined: all. */
  readonly instanceId: number | undefined
  take(instance: Instance, run: number, text: string): void
}

interface Tap {
  readonly run: number
  readonly reader: LineReader
}

const newline = 10

/** Whole lines that games print, read only while somebody listens. */
export class ConsoleTaps {
  readonly #instances: () => readonly Instance[]
  readonly #listeners = new Set<Listener>()
  readonly #taps = new Map<number, Tap>()
  readonly #since = Date.now()

  constructor(instances: () => readonly Instance[]) {
    this.#instances = instances
  }

  /** Calls the listener with the lines of an instance, or of all, until the returned function is called. */
  listen(instanceId: number | undefined, take: Listener['take']): () => void {
    const listener = { instanceId, take }
    this.#listeners.add(listener)
    this.#update()
    return () => {
      this.#listeners.delete(listener)
      this.#update()
    }
  }

  runBegan(instance: Instance): void {
    this.#tap(instance)
  }

  /** Gives what the run printed last, too. */
  runEnded(instance: Instance): void {
    this.#taps.get(instance.id)?.reader.end()
    this.#taps.delete(instance.id)
  }

  #update(): void {
    for (const instance of this.#instances()) this.#tap(instance)
  }

  #tap(instance: Instance): void {
    const { id, activeRun: active } = instance
    const isWanted = active !== undefined && this.#wanting(id).length > 0
    const tap = this.#taps.get(id)
    if (isWanted && tap?.run === active.number) return
    tap?.reader.close()
    this.#taps.delete(id)
    if (!isWanted) return
    // Of a run that was there before this slave, what was printed is no news.
    const isNew = Date.parse(active.run.startedAt) >= this.#since
    const reader = new LineReader(active.run.output, isNew && active.run.output.head === 0, (text) => {
      for (const { take } of this.#wanting(id)) take(instance, active.number, text)
    })
    this.#taps.set(id, { run: active.number, reader })
  }

  #wanting(id: number): Listener[] {
    return [...this.#listeners].filter(({ instanceId }) => instanceId === undefined || instanceId === id)
  }
}

/** Lines of an output, from its beginning, or from the first that begins from now on. */
class LineReader {
  readonly #take: (text: string) => void
  readonly #stop: () => void
  #splitter: LineSplitter | undefined

  constructor(output: RunOutput, isWhole: boolean, take: (text: string) => void) {
    this.#take = take
    if (isWhole) this.#splitter = new LineSplitter(0)
    // The byte before tells whether a line begins here.
    const from = isWhole ? 0 : Math.max(output.head, output.end - 1)
    this.#stop = output.follow(from, (offset, bytes) => this.#push(offset, bytes), { skipsGone: true })
  }

  end(): void {
    const rest = this.#splitter?.flush()
    if (rest) this.#take(rest.text)
    this.close()
  }

  close(): void {
    this.#stop()
  }

  #push(offset: number, bytes: Uint8Array): void {
    let from = 0
    if (!this.#splitter) {
      from = bytes.indexOf(newline) + 1
      if (from === 0) return
      this.#splitter = new LineSplitter(offset + from)
    }
    for (const { text } of this.#splitter.push(offset + from, bytes.subarray(from))) this.#take(text)
  }
}
