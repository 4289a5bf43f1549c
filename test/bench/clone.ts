import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { packageRoot } from '../../lib/package-root.ts'
import type { Benchmark } from './harness/benchmark.ts'

const run = promisify(execFile)

/** From `git clone` of what is committed to the demo's ready line, npm's cache being warm. */
export const clone: Benchmark = {
  name: 'clone',
  summary: 'Seconds from `git clone` to a running demo',
  isOptional: true,
  run: async (bench) => {
    const directory = await mkdtemp(join(tmpdir(), 'corral-bench-clone-'))
    bench.onEnd(() => rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }))
    const began = performance.now()
    const secondsSince = (from: number): number => (performance.now() - from) / 1_000
    await run('git', ['clone', '--quiet', packageRoot, directory])
    await run('npm', ['ci', '--prefer-offline', '--no-audit', '--no-fund'], { cwd: directory })
    const installed = secondsSince(began)
    const demo = spawn('npm', ['run', 'demo'], { cwd: directory, stdio: ['ignore', 'pipe', 'inherit'], detached: true })
    const ended = once(demo, 'exit')
    let isReady = false
    for await (const line of createInterface({ input: demo.stdout })) {
      isReady = line.startsWith('The cluster runs')
      if (isReady) break
    }
    const ready = secondsSince(began)
    demo.stdout.resume()
    // As Ctrl-C does it: the whole group hears it.
    if (isReady && demo.pid !== undefined) process.kill(-demo.pid, 'SIGINT')
    await ended
    if (!isReady) bench.note('clone: the demo ended before it was ready')
    return [
      { name: 'git clone and npm ci', value: installed, unit: 's' },
      { name: 'git clone to the demo\'s ready line', value: isReady ? ready : Number.NaN, unit: 's', target: { kind: 'at most', limit: 60 } },
    ]
  },
}
