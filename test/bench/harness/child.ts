import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { build } from 'esbuild'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { packageRoot } from '../../../lib/package-root.ts'
import type { Bench } from './benchmark.ts'

export interface Question {
  readonly id: number
  readonly command: string
  readonly data: unknown
}

export interface Answer {
  readonly id: number
  readonly result?: unknown
  readonly error?: string
}

// Within the package, so that what is not bundled is found in its node_modules.
const bundles = join(packageRoot, 'node_modules/.cache/corral-bench')

/**
 * Bundles the programs under `processes/` as `npm run build` bundles ours. Run from source they would pay for what the
 * loader adds to every function.
 */
export async function bundleProcesses(names: readonly string[]): Promise<void> {
  await mkdir(bundles, { recursive: true })
  await build({
    absWorkingDir: packageRoot,
    entryPoints: names.map((name) => `test/bench/processes/${name}.ts`),
    outdir: bundles,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    packages: 'external',
    logLevel: 'warning',
  })
}

/** No measurement takes nearly so long. */
const answerDeadlineMs = 600_000
const goodbyeMs = 5_000

/** One of the benchmark's own programs in a process of its own, which answers commands. */
export class Child {
  readonly #process: ChildProcess
  readonly #waiting = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>()
  #lastId = 0

  private constructor(process: ChildProcess) {
    this.#process = process
    process.on('message', (answer: Answer) => {
      const waiting = this.#waiting.get(answer.id)
      this.#waiting.delete(answer.id)
      if (answer.error === undefined) waiting?.resolve(answer.result)
      else waiting?.reject(new Error(answer.error))
    })
    process.on('exit', (code, signal) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`The process ended with ${signal ?? code}`))
    })
  }

  /** Starts `processes/<name>.ts`; it ends with the benchmark. */
  static start(bench: Bench, name: string, nodeOptions: readonly string[] = []): Child {
    const process = fork(join(bundles, `${name}.mjs`), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], execArgv: [...nodeOptions] })
    const child = new Child(process)
    bench.onEnd(() => child.stop())
    return child
  }

  get pid(): number {
    return this.#process.pid ?? 0
  }

  /** Asks the process for something; throws what goes wrong there, or when no answer comes. */
  ask<Result>(command: string, data: unknown = {}): Promise<Result> {
    const question: Question = { id: this.#lastId += 1, command, data }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(question.id)
        reject(new Error(`${command} has not been answered within ${answerDeadlineMs / 1_000} s`))
      }, answerDeadlineMs)
      this.#waiting.set(question.id, {
        resolve: (result) => {
          clearTimeout(timer)
          resolve(result as Result)
        },
        reject: (error) => {
          clearTimeout(timer)
          reject(error)
        },
      })
      this.#process.send(question)
    })
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const ended = once(this.#process, 'exit')
    this.#process.disconnect()
    const force = setTimeout(() => this.#process.kill('SIGKILL'), goodbyeMs)
    await ended
    clearTimeout(force)
  }
}
