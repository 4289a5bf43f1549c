import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { decodeBytes, encodeBytes, wholeCharacters } from '../../lib/link/console-bytes.ts'
import type { RequestOf, ResponseOf } from '../../lib/link/define.ts'
import type { listRuns, readConsole } from '../../lib/link/messages/console.ts'
import type { InstanceOutput } from '../../lib/link/messages/console-output.ts'

interface Piece { readonly run: number; readonly offset: number; readonly bytes: Buffer }
interface Kept { readonly pieces: Piece[]; bytes: number }

const maxBytesPerInstance = 131_072
const newline = 0x0a

/**
 * The latest output of instances whose slaves keep none that could be asked for. In memory: it begins with the master
 * and ends with it, and the oldest goes first.
 */
export class ConsoleBacklog {
  readonly #byInstance = new Map<number, Kept>()

  add({ instance_id: instanceId, output }: InstanceOutput): void {
    const kept = this.#byInstance.get(instanceId) ?? { pieces: [], bytes: 0 }
    this.#byInstance.set(instanceId, kept)
    const bytes = decodeBytes(output)
    kept.pieces.push({ run: output.run, offset: output.offset, bytes })
    kept.bytes += bytes.length
    while (kept.bytes > maxBytesPerInstance && kept.pieces.length > 1) kept.bytes -= kept.pieces.shift()?.bytes.length ?? 0
  }

  forget(instanceId: number): void {
    this.#byInstance.delete(instanceId)
  }

  /** Answers `read_console`. Throws `not_found`, `console_gone`. */
  read({ instance_id: instanceId, run: wanted, from, tail, max_bytes: maxBytes = maxBytesPerInstance }: RequestOf<typeof readConsole>): ResponseOf<typeof readConsole> {
    const runs = this.#runsOf(instanceId)
    const run = wanted ?? runs.at(-1)
    const pieces = this.#piecesOf(instanceId).filter((piece) => piece.run === run)
    const head = pieces[0]?.offset
    if (run === undefined || head === undefined) {
      throw new ClusterError('not_found', 'There is no console to read: the slave keeps none, and nothing has come from it since the master was started')
    }
    const bytes = Buffer.concat(pieces.map((piece) => piece.bytes))
    const begin = from ?? head + (tail === undefined ? 0 : tailOffset(bytes, tail))
    if (begin < head) throw new ClusterError('console_gone', `The console before offset ${head} is no longer kept`, { details: { head } })
    const wanting = bytes.subarray(begin - head, begin - head + maxBytes)
    const part = wanting.subarray(0, wholeCharacters(wanting) || wanting.length)
    return {
      chunk: { run, offset: begin, ...encodeBytes(part) },
      head,
      end: head + bytes.length,
      exit: null,
      next_run: runs.find((other) => other > run) ?? null,
    }
  }

  /** Answers `list_runs`. */
  list(instanceId: number): ResponseOf<typeof listRuns> {
    return {
      runs: this.#runsOf(instanceId).map((run) => {
        const { head, end } = this.read({ instance_id: instanceId, run })
        return { run, started_at: null, head, end, exit: null }
      }),
    }
  }

  #piecesOf(instanceId: number): readonly Piece[] {
    return this.#byInstance.get(instanceId)?.pieces ?? []
  }

  #runsOf(instanceId: number): number[] {
    return [...new Set(this.#piecesOf(instanceId).map(({ run }) => run))]
  }
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
