import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import type { LaunchOptions } from './launch.ts'
import type { RunExit } from './run-exit.ts'
import { Run } from './run.ts'

/** Runs for tests: in a temporary folder, killed and removed by `close()`. */
export class TestRuns {
  readonly directory = mkdtempSync(join(tmpdir(), 'corral-runs-'))
  readonly warnings: string[] = []
  readonly #runs: Run[] = []
  readonly #daemons: ChildProcess[] = []
  #count = 0

  newDirectory(): string {
    return join(this.directory, `instances/1/runs/${++this.#count}`)
  }

  options(argv: readonly string[], more: Partial<LaunchOptions> = {}): LaunchOptions {
    return {
      directory: this.newDirectory(),
      argv,
      cwd: this.directory,
      env: { PATH: process.env['PATH'] ?? '' },
      hasInput: true,
      hasTerminal: false,
      consoleLimitBytes: 64 * 1024 * 1024,
      onWarning: (text) => this.warnings.push(text),
      ...more,
    }
  }

  async launch(argv: readonly string[], more: Partial<LaunchOptions> = {}): Promise<Run> {
    return this.keep(await Run.launch(this.options(argv, more)))
  }

  /** A shell script as a game. */
  async shell(script: string, more: Partial<LaunchOptions> = {}): Promise<Run> {
    return await this.launch(['sh', '-c', script], more)
  }

  async recover(directory: string, consoleLimitBytes = 64 * 1024 * 1024): Promise<Run> {
    const run = await Run.recover({ directory, consoleLimitBytes, onWarning: (text) => this.warnings.push(text) })
    if (!run) throw new Error(`the run in ${directory} has not begun`)
    return this.keep(run)
  }

  keep(run: Run): Run {
    this.#runs.push(run)
    return run
  }

  /** Launches in a program of its own, which the test can kill. */
  async launchInDaemon(options: LaunchOptions): Promise<ChildProcess> {
    const daemon = spawn(process.execPath, ['--import', 'tsx', join(import.meta.dirname, 'test-daemon.ts'), JSON.stringify(options)],
      { stdio: ['ignore', 'pipe', 'inherit'] })
    this.#daemons.push(daemon)
    for await (const line of createInterface(daemon.stdout)) if (line === 'launched') break
    return daemon
  }

  async close(): Promise<void> {
    for (const daemon of this.#daemons) await endNow(daemon)
    for (const run of this.#runs) {
      await run.kill()
      await run.detach()
    }
    // A launcher that has just ended its game may still write its last file.
    await rm(this.directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
  }
}

export async function endNow(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}

export function exitOf(run: Run): Promise<RunExit> {
  return new Promise((resolve) => run.onExit(resolve))
}

export async function textOf(run: Run, from = 0): Promise<string> {
  return Buffer.from((await run.output.read(from, 1024 * 1024)).bytes).toString()
}

/** Polls, for what has no event, such as another program's files. */
export async function until(condition: () => boolean | Promise<boolean>, timeoutMs = 5_000): Promise<void> {
  for (const giveUpAt = performance.now() + timeoutMs; !(await condition()); await delay(10)) {
    if (performance.now() > giveUpAt) throw new Error(`not within ${timeoutMs} ms: ${condition.toString()}`)
  }
}

/** Resolves when the output contains a text; gives all that came from `from` on. */
export async function untilOutput(run: Run, text: string, from = 0, timeoutMs = 5_000): Promise<string> {
  return await new Promise((resolve, reject) => {
    let seen = ''
    const timer = setTimeout(() => {
      stop()
      reject(new Error(`no ${JSON.stringify(text)} within ${timeoutMs} ms in ${JSON.stringify(seen.slice(-500))}`))
    }, timeoutMs)
    const stop = run.output.follow(from, (_offset, bytes) => {
      seen += Buffer.from(bytes).toString('latin1')
      if (!seen.includes(text)) return
      clearTimeout(timer)
      stop()
      resolve(Buffer.from(seen, 'latin1').toString())
    })
  })
}
