import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { decodeBytes, encodeBytes, wholeCharacters } from '../../lib/link/console-bytes.ts'
import type { RequestOf, ResponseOf } from '../../lib/link/define.ts'
import type { listRuns, readConsole } from '../../lib/link/messages/console.ts'
import type { InstanceOutput } from '../../lib/link/messages/console-output.ts'
import { RecentBytes } from './recent-bytes.ts'

/** Bytes of one run: where they lie in the instance's latest output, and which place of the console that is. */
interface Part { readonly run: number; readonly offset: number; readonly from: number; to: number }
interface Kept { readonly bytes: RecentBytes; readonly parts: Part[] }

const maxBytesPerInstance = 131_072
/** A slave whose connection comes and goes has many runs with next to nothing in them. */
const maxRuns = 100
const newline = 0x0a

/**
 * The latest output of instances whose slaves keep none that could be asked for. In memory: it begins with the master
 * and ends with it, and the oldest goes first.
 */
export class ConsoleBacklog {
  readonly #byInstance = new Map<number, Kept>()

  add({ instance_id: instanceId, output }: InstanceOutput): void {
    const kept = this.#byInstance.get(instanceId) ?? { bytes: new RecentBytes(maxBytesPerInstance), parts: [] }
    this.#byInstance.set(instanceId, kept)
    const from = kept.bytes.end
    kept.bytes.append(decodeBytes(output))
    const last = kept.parts.at(-1)
    if (last?.run === output.run && last.offset + last.to - last.from === output.offset) last.to = kept.bytes.end
    else this.#begin(kept, { run: output.run, offset: output.offset, from, to: kept.bytes.end })
    while (kept.parts.length > 1 && (kept.parts[0]?.to ?? 0) <= kept.bytes.begin) kept.parts.shift()
  }

  forget(instanceId: number): void {
    this.#byInstance.delete(instanceId)
  }

  /** Answers `read_console`. Throws `not_found`, `console_gone`. */
  read({ instance_id: instanceId, run: wanted, from, tail, max_bytes: maxBytes = maxBytesPerInstance }: RequestOf<typeof readConsole>): ResponseOf<typeof readConsole> {
    const { bytes, parts } = this.#byInstance.get(instanceId) ?? { bytes: undefined, parts: [] }
    const part = wanted === undefined ? parts.at(-1) : parts.find(({ run }) => run === wanted)
    if (!bytes || !part) {
      throw new ClusterError('not_found', 'There is no console to read: the slave keeps none, and nothing has come from it since the master was started')
    }
    const { head, end } = extent(bytes, part)
    const kept = bytes.slice(part.to - (end - head), part.to)
    const begin = from ?? head + (tail === undefined ? 0 : tailOffset(kept, tail))
    if (begin < head) throw new ClusterError('console_gone', `The console before offset ${head} is no longer kept`, { details: { head } })
    const wanting = kept.subarray(begin - head, begin - head + maxBytes)
    const chunk = wanting.subarray(0, wholeCharacters(wanting) || wanting.length)
    return {
      chunk: { run: part.run, offset: begin, ...encodeBytes(chunk) },
      head, end,
      exit: null,
      next_run: parts.find(({ run }) => run > part.run)?.run ?? null,
    }
  }

  /** Answers `list_runs`. */
  list(instanceId: number): ResponseOf<typeof listRuns> {
    const kept = this.#byInstance.get(instanceId)
    if (!kept) return { runs: [] }
    return { runs: kept.parts.map((part) => ({ run: part.run, started_at: null, ...extent(kept.bytes, part), exit: null })) }
  }

  /** What came of a run before a gap can't be joined with what comes after it. */
  #begin({ parts }: Kept, part: Part): void {
    const before = parts.findIndex(({ run }) => run === part.run)
    if (before >= 0) parts.splice(before, 1)
    parts.push(part)
    if (parts.length > maxRuns) parts.shift()
  }
}

/** The places of a run that are there still. Where its begin is gone, it begins with a line. */
function extent(bytes: RecentBytes, { offset, from, to }: Part): { head: number; end: number } {
  const end = offset + to - from
  if (from >= bytes.begin) return { head: offset, end }
  const at = bytes.indexOf(newline, bytes.begin)
  return { head: at === undefined || at + 1 >= to ? end : offset + at + 1 - from, end }
}

/** Where the last lines begin. */
function tailOffset(bytes: Buffer, lines: number): number {
  if (lines === 0) return bytes.length
  let at = bytes.at(-1) === newline ? bytes.length - 1 : bytes.length
  for (let left = lines; left > 0; left -= 1) {
    at = at === 0 ? -1 : bytes.lastIndexOf(newline, at - 1)
    if (at < 0) return 0
  }
  return at + 1
}
