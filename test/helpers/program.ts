import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../../lib/package-root.ts'

export type ProgramName = 'master' | 'slave' | 'ctl'

export interface ProgramOptions {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  /** What its stdin has; nothing when left out. */
  readonly input?: string
  /** Its stdin stays open, for `type`. */
  readonly isTypedInto?: boolean
}

export interface Finished {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

const deadlineMs = 15_000

/** One of the built programs as a child process, with all that it has printed. */
export class Program {
  readonly #name: string
  readonly #child: ChildProcess
  readonly #listeners = new Set<() => void>()
  #stdout = ''
  #stderr = ''
  #finished: Finished | undefined
  /** Resolves when it has ended and all its output is here. */
  readonly ended: Promise<Finished>

  constructor(name: ProgramName, args: readonly string[], { cwd, env = {}, input, isTypedInto = false }: ProgramOptions) {
    if (!existsSync(join(packageRoot, 'dist', `${name}.js`))) {
      throw new Error(`dist/${name}.js is missing: run \`npm run build\` before the tests of the programs`)
    }
    this.#name = name
    this.#child = spawn(process.execPath, [join(packageRoot, 'bin', `${name}.js`), ...args], {
      cwd, stdio: [input === undefined && !isTypedInto ? 'ignore' : 'pipe', 'pipe', 'pipe'], env: { ...process.env, NODE_OPTIONS: '', ...env },
    })
    if (!isTypedInto) this.#child.stdin?.end(input)
    this.#child.stdout?.on('data', (data: Buffer) => {
      this.#stdout += data.toString()
      this.#tell()
    })
    this.#child.stderr?.on('data', (data: Buffer) => {
      this.#stderr += data.toString()
      this.#tell()
    })
    this.ended = new Promise((resolve) => {
      this.#child.on('close', (code, signal) => {
        this.#finished = { code, signal, stdout: this.#stdout, stderr: this.#stderr }
        this.#tell()
        resolve(this.#finished)
      })
    })
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** What it has printed on stderr so far: its log. */
  get log(): string {
    return this.#stderr
  }

  /** What it has printed on stdout so far. */
  get output(): string {
    return this.#stdout
  }

  get isRunning(): boolean {
    return this.#finished === undefined
  }

  /** Resolves when its log, from `from` on, has what is looked for. Fails when it ends before that, or at the deadline. */
  async untilLog(wanted: RegExp, from = 0): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const fail = (why: string): void => settle(() => reject(new Error(`${this.#name} ${why} ${wanted}; its log:\n${this.#stderr}`)))
      const timer = setTimeout(() => fail(`did not log within ${deadlineMs} ms`), deadlineMs)
      const settle = (then: () => void): void => {
        clearTimeout(timer)
        this.#listeners.delete(look)
        then()
      }
      const look = (): void => {
        if (wanted.test(this.#stderr.slice(from))) settle(resolve)
        else if (this.#finished) fail(`ended (code ${this.#finished.code}, signal ${this.#finished.signal}) without logging`)
      }
      this.#listeners.add(look)
      look()
    })
  }

  /** Types into a program that was started for that. */
  type(text: string): void {
    this.#child.stdin?.write(text)
  }

  /** Sends a signal and resolves when it has ended. Fails when it withstands. */
  async end(signal: NodeJS.Signals): Promise<Finished> {
    this.#child.kill(signal)
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        this.#child.kill('SIGKILL')
        reject(new Error(`${this.#name} did not end within ${deadlineMs} ms of ${signal}; its log:\n${this.#stderr}`))
      }, deadlineMs)
    })
    try {
      return await Promise.race([this.ended, late])
    } finally {
      clearTimeout(timer)
    }
  }

  /** Freezes it (SIGSTOP) or lets it go on (SIGCONT). */
  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(name)
  }

  #tell(): void {
    for (const listener of this.#listeners) listener()
  }
}

/** Runs a program until it ends by itself. */
export async function runToEnd(name: ProgramName, args: readonly string[], options: ProgramOptions): Promise<Finished> {
  const program = new Program(name, args, options)
  const timer = setTimeout(() => void program.end('SIGKILL'), 60_000)
  try {
    return await program.ended
  } finally {
    clearTimeout(timer)
  }
}
