import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { encodeBytes } from '../../lib/link/console-bytes.ts'
import type { ConsoleFollower } from './follower.ts'
import type { ConsoleQuery, ConsoleRead, ConsoleSink, ConsoleSource, Position, RunExit } from './ports.ts'

export type Fate = 'sent' | 'lost' | 'twice' | 'split'

export type Step =
  | { kind: 'print'; bytes: Uint8Array; fate: Fate }
  | { kind: 'end'; fate: Fate }
  | { kind: 'cut' | 'reconnect' | 'fail' | 'replay' }
  | { kind: 'pause'; turns: number }

const exit: RunExit = { at: '2026-01-01T00:00:00.000Z', code: 0, signal: null, reason: 'exited' }

/** An instance's console with a master that loses, repeats and splits what it sends, and a screen that keeps what is printed. */
export class FakeConsole implements ConsoleSource, ConsoleSink {
  readonly gaps: Array<{ from: Position; to: Position }> = []
  readonly ended: number[] = []
  head = 0
  isFailing = false
  readonly #readBytes: number
  readonly #runs: Array<{ bytes: Buffer; hasEnded: boolean }> = []
  readonly #screen: Buffer[] = []
  #follower: ConsoleFollower | undefined
  #isSubscribed = false
  #last: (() => void) | undefined
  #room: Promise<void> = Promise.resolve()

  constructor(readBytes: number, runs = 1) {
    this.#readBytes = readBytes
    for (let run = 0; run < runs; run += 1) this.startRun()
  }

  get printed(): Buffer {
    return Buffer.concat(this.#screen)
  }

  get whole(): Buffer {
    return Buffer.concat(this.#runs.map(({ bytes }) => bytes))
  }

  get endedRuns(): number[] {
    return this.#runs.flatMap(({ hasEnded }, index) => (hasEnded ? [index + 1] : []))
  }

  attach(follower: ConsoleFollower): void {
    this.#follower = follower
  }

  startRun(): void {
    this.#runs.push({ bytes: Buffer.alloc(0), hasEnded: false })
  }

  /** Prints into the newest run, a new one if that has ended. */
  print(bytes: Uint8Array, fate: Fate): void {
    if (this.#runs.at(-1)?.hasEnded) this.startRun()
    const run = this.#runs.length
    const current = this.#runs[run - 1]
    if (!current) return
    const offset = current.bytes.length
    current.bytes = Buffer.concat([current.bytes, bytes])
    const parts = fate === 'split' ? [0, Math.floor(bytes.length / 2), bytes.length] : [0, bytes.length]
    for (const [index, from] of parts.slice(0, -1).entries()) {
      this.#send(fate, { run, offset: offset + from, ...encodeBytes(bytes.subarray(from, parts[index + 1])) })
    }
  }

  end(fate: Fate): void {
    const run = this.#runs.length
    const current = this.#runs[run - 1]
    if (!current || current.hasEnded) return
    current.hasEnded = true
    this.#send(fate, { run, offset: current.bytes.length, text: '', exit })
  }

  /** Holds what is printed until the returned function is called. */
  block(): () => void {
    let release = (): void => {}
    this.#room = new Promise((resolve) => { release = resolve })
    return release
  }

  async play(step: Step): Promise<void> {
    if (step.kind === 'print') this.print(step.bytes, step.fate)
    else if (step.kind === 'end') this.end(step.fate)
    else if (step.kind === 'cut') this.#follower?.cut()
    else if (step.kind === 'replay') this.#last?.()
    else if (step.kind === 'pause') for (let turn = 0; turn < step.turns; turn += 1) await Promise.resolve()
    else {
      this.isFailing = step.kind === 'fail'
      this.#isSubscribed = false
      if (step.kind === 'reconnect') this.#follower?.reconnected()
    }
  }

  subscribe(): Promise<void> {
    if (this.isFailing) return Promise.reject(new ClusterError('link_closed', 'The connection is lost'))
    this.#isSubscribed = true
    return Promise.resolve()
  }

  async read({ run = this.#runs.length, from, tail }: ConsoleQuery): Promise<ConsoleRead> {
    await Promise.resolve()
    if (this.isFailing) throw new ClusterError('slave_gone', 'The slave is away')
    const found = this.#runs[run - 1]
    if (!found) throw new ClusterError('not_found', 'There is no such run')
    const { bytes, hasEnded } = found
    const start = from ?? (tail === undefined ? 0 : tailOffset(bytes, tail))
    if (start < this.head) throw new ClusterError('console_gone', 'No longer kept', { details: { head: this.head } })
    const chunk = { run, offset: start, ...encodeBytes(bytes.subarray(start, start + this.#readBytes)) }
    const answer = { chunk, head: this.head, end: bytes.length, exit: hasEnded ? exit : null, next_run: run < this.#runs.length ? run + 1 : null }
    await Promise.resolve()
    return answer
  }

  runs(): ReturnType<ConsoleSource['runs']> {
    return Promise.resolve(this.#runs.map(({ bytes, hasEnded }, index) => ({
      run: index + 1, started_at: null, head: this.head, end: bytes.length, exit: hasEnded ? exit : null,
    })))
  }

  async write(bytes: Buffer): Promise<void> {
    this.#screen.push(Buffer.from(bytes))
    await this.#room
  }

  runEnded(run: number): void {
    this.ended.push(run)
  }

  gone(from: Position, to: Position): void {
    this.gaps.push({ from, to })
  }

  interrupted(): void {}

  #send(fate: Fate, output: Parameters<ConsoleFollower['take']>[0]): void {
    const send = (): void => this.#follower?.take(output)
    this.#last = send
    if (fate === 'lost' || !this.#isSubscribed) return
    send()
    if (fate === 'twice') send()
  }
}

function tailOffset(bytes: Buffer, lines: number): number {
  const kept = bytes.toString('latin1').split('\n').slice(-lines - 1).join('\n')
  return bytes.length - kept.length
}
