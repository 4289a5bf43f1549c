import { closeSync, openSync, readFileSync, readSync, writeSync } from 'node:fs'
import { fixedWidth, runFiles } from './run-files.ts'

/**
 * Which part of an output there is, kept in the run directory so that the next slave knows it too. Offsets count from
 * the run's first byte; the byte at `offset` stands in the file at `offset - base`. The base is 0 unless a game has
 * truncated its own output.
 */
export class OutputBounds {
  readonly #known: number
  readonly #launcherHead: number
  readonly #isReadOnly: boolean
  readonly #buffer = Buffer.alloc(fixedWidth(0).length)
  base = 0
  /** The largest end that was written down. */
  notedEnd = 0
  #head = 0
  #launcher = 0

  /** Read only, nothing is written down: another reader, or this program elsewhere, looks after the run. */
  constructor(directory: string, { isReadOnly = false } = {}) {
    const { known, launcherHead } = runFiles(directory)
    const [base, head, end] = readNumbers(known)
    this.base = base ?? 0
    this.#head = head ?? 0
    this.notedEnd = end ?? 0
    const flags = isReadOnly ? 'r' : 'r+'
    this.#isReadOnly = isReadOnly
    this.#known = openSync(known, flags)
    try {
      this.#launcherHead = openSync(launcherHead, flags)
    } catch (error) {
      closeSync(this.#known)
      throw error
    }
  }

  /** The first byte that is kept. While no slave trims in time, the launcher does, so this looks again each time. */
  get head(): number {
    readSync(this.#launcherHead, this.#buffer, 0, this.#buffer.length, 0)
    const released = Number(this.#buffer.toString('latin1'))
    if (Number.isSafeInteger(released)) this.#launcher = released
    return Math.max(this.#head, this.base + this.#launcher)
  }

  /** Moves the head; written down before anything is released, or a later slave would take the hole for output. */
  publishHead(head: number, end: number): void {
    const before = this.#head
    this.#head = head
    try {
      this.note(end)
    } catch (error) {
      this.#head = before
      throw error
    }
  }

  /** Writes down how far the output is known. */
  note(end: number): void {
    this.#write(this.#known, `${fixedWidth(this.base)} ${fixedWidth(this.#head)} ${fixedWidth(end)}\n`)
    this.notedEnd = end
  }

  /** The game has truncated its output: what comes now gets the offsets after `end`, none is given twice. */
  startAnew(end: number): void {
    this.base = end
    this.#head = end
    this.#launcher = 0
    this.#write(this.#launcherHead, `${fixedWidth(0)}\n`)
    this.note(end)
  }

  close(): void {
    closeSync(this.#known)
    closeSync(this.#launcherHead)
  }

  #write(file: number, text: string): void {
    if (!this.#isReadOnly) writeSync(file, text, 0)
  }
}

function readNumbers(path: string): number[] {
  return readFileSync(path, 'latin1').trim().split(/\s+/).map(Number).filter(Number.isSafeInteger)
}
