import { decodeBytes } from '../../../lib/link/console-bytes.ts'
import type { Link, LinkOwner } from '../../../lib/link/link.ts'
import { instanceOutput, readConsole, setInstanceOutputSubscriptions } from '../../../lib/link/messages/console.ts'
import type { ConsoleChunk } from '../../../lib/link/messages/console.ts'

const readBytes = 1_048_576
const readDeadlineMs = 30_000

/** Follows one run's console as ctl does: takes what comes, and reads by offset what did not. Counts the lines of a flood. */
export class ConsoleReader {
  readonly #instanceId: number
  #link: Link | undefined
  #run = 0
  #next = 0
  #knownEnd = 0
  #rest = ''
  #isReading = false
  #size = 0
  #reached: () => void = () => {}
  #failed: (error: unknown) => void = () => {}
  seen = 0
  /** Lines that came out of order, so also those that came twice. */
  misplaced = 0
  reads = 0

  constructor(instanceId: number) {
    this.#instanceId = instanceId
  }

  /** What the owner of its link hands on. */
  get owner(): LinkOwner {
    return {
      answer: () => Promise.reject(new Error('Nobody asks a follower')),
      accept: (definition, event) => {
        if (definition.type === instanceOutput.type) this.#take((event.data.value as { output: ConsoleChunk }).output)
        else this.#catchUp()
      },
    }
  }

  /** Begins to follow at what is the console's end now. */
  async follow(link: Link): Promise<void> {
    this.#link = link
    await link.send(setInstanceOutputSubscriptions, { instance_ids: [this.#instanceId] })
    const { chunk, end } = await link.send(readConsole, { instance_id: this.#instanceId, tail: 0 })
    this.#run = chunk.run
    this.#next = end
  }

  /** Resolves when the flood's last line is here. */
  flooded(size: number): Promise<void> {
    this.#size = size
    this.seen = 0
    this.misplaced = 0
    this.reads = 0
    return new Promise((resolve, reject) => {
      this.#reached = resolve
      this.#failed = reject
    })
  }

  #take(chunk: ConsoleChunk): void {
    if (chunk.run !== this.#run) return
    const bytes = decodeBytes(chunk)
    this.#knownEnd = Math.max(this.#knownEnd, chunk.offset + bytes.length)
    if (chunk.offset > this.#next) this.#catchUp()
    else this.#append(bytes.subarray(this.#next - chunk.offset))
  }

  #append(bytes: Buffer): void {
    if (bytes.length === 0) return
    this.#next += bytes.length
    const lines = (this.#rest + bytes.toString('latin1')).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line.startsWith('flood ')) {
        this.seen += 1
        if (Number.parseInt(line.slice(6), 10) !== this.seen) this.misplaced += 1
      } else if (line.startsWith('[flood] ')) {
        this.#reached()
      }
    }
  }

  #catchUp(): void {
    if (this.#isReading) return
    this.#isReading = true
    this.#read().catch((error: unknown) => this.#failed(error)).finally(() => { this.#isReading = false })
  }

  async #read(): Promise<void> {
    for (;;) {
      this.reads += 1
      const request = { instance_id: this.#instanceId, run: this.#run, from: this.#next, max_bytes: readBytes }
      const answer = await this.#link?.send(readConsole, request, { deadlineMs: readDeadlineMs })
      if (!answer) return
      const { chunk, end } = answer
      if (chunk.offset > this.#next) this.#next = chunk.offset
      this.#append(decodeBytes(chunk))
      if (this.#next >= Math.max(end, this.#knownEnd)) return
    }
  }

  /** Lines of the flood that never came. */
  get lost(): number {
    return this.#size - this.seen
  }
}
