import type { Static } from '@sinclair/typebox'
import { decodeBytes, wholeCharacters } from '../console-bytes.ts'
import type { ProjectionStream, StreamProjection } from '../define.ts'
import { LineOutput } from './console-output.ts'
import type { InstanceOutput } from './console-output.ts'
import { InstanceId, strict } from './shapes.ts'

/** One line of a game's output in the base dialect (`protocols/link.md`, Catalogue). */
export const OutputLine = strict({ instance_id: InstanceId, output: LineOutput })
export type OutputLine = Static<typeof OutputLine>

/** The begin of a line whose end has not come. */
interface Begun { readonly run: number; readonly end: number; readonly bytes: Buffer }

/** A line that is longer is sent in pieces. */
const maxLineBytes = 65_536
/** Lines begun that are kept at once, of as many instances. */
const maxBegun = 1_000
/** Instances of which it is kept how much has come. */
const maxReceived = 100_000
const newline = 0x0a

/** Cuts what is printed into lines, and makes one stream again of lines that come; those are given on as they came. */
class ConsoleLines implements ProjectionStream<InstanceOutput> {
  readonly #begun = new Map<number, Begun>()
  readonly #received = new Map<number, number>()
  // Places of a console are (run, offset). Where nobody counts runs, a connection is one, and later ones come later.
  readonly #run = Date.now()

  decode({ instance_id: id, output }: OutputLine): InstanceOutput {
    const text = `${withMarks(output)}\n`
    const offset = this.#received.get(id) ?? 0
    this.#received.delete(id)
    this.#received.set(id, offset + Buffer.byteLength(text))
    forgetOldest(this.#received, maxReceived)
    return { instance_id: id, output: { run: this.#run, offset, text, line: output } }
  }

  *encode({ instance_id: id, output }: InstanceOutput): Iterable<OutputLine> {
    for (const line of this.#lines(id, output)) {
      yield { instance_id: id, output: { source: 'stdout', received: Date.now(), format: 'none', type: 'generic', message: textOf(line) } }
    }
    if (output.line) yield { instance_id: id, output: output.line }
  }

  *#lines(id: number, output: InstanceOutput['output']): Iterable<Buffer> {
    const { run, offset, exit, line: whole } = output
    const before = this.#begun.get(id)
    this.#begun.delete(id)
    const goesOn = !whole && before?.run === run && before.end === offset
    // What was begun elsewhere has no end any more.
    if (before && !goesOn) yield before.bytes
    if (whole) return
    const bytes = decodeBytes(output)
    let rest = goesOn ? Buffer.concat([before.bytes, bytes]) : bytes
    for (let end = rest.indexOf(newline); end >= 0 || rest.length > maxLineBytes; end = rest.indexOf(newline)) {
      const isWhole = end >= 0 && end <= maxLineBytes
      const length = isWhole ? end : wholeCharacters(rest.subarray(0, maxLineBytes))
      yield rest.subarray(0, length)
      rest = rest.subarray(isWhole ? length + 1 : length)
    }
    if (rest.length > 0 && exit) yield rest
    else if (rest.length > 0) this.#keep(id, { run, end: offset + bytes.length, bytes: Buffer.from(rest) })
  }

  #keep(id: number, begun: Begun): void {
    this.#begun.set(id, begun)
    forgetOldest(this.#begun, maxBegun)
  }
}

function forgetOldest(map: Map<number, unknown>, maxSize: number): void {
  for (const oldest of map.keys()) {
    if (map.size <= maxSize) return
    map.delete(oldest)
  }
}

function textOf(line: Buffer): string {
  const text = line.toString('utf8')
  return text.endsWith('\r') ? text.slice(0, -1) : text
}

/** A line as a console shows it: other programs take time, level, file and action out of it. */
function withMarks({ time, level, file, action, message }: OutputLine['output']): string {
  const marks = [time, level, file === undefined ? undefined : `${file}:`, action === undefined ? undefined : `[${action}]`]
  return [...marks, message].filter((part) => part !== undefined && part !== '').join(' ')
}

/** Output as the base dialect has it, line by line. */
export const consoleLines: StreamProjection<InstanceOutput> = { schema: OutputLine, open: () => new ConsoleLines() }
