import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { interleave, ratio } from './harness/benchmark.ts'
import type { Benchmark, Sample } from './harness/benchmark.ts'
import { BenchCluster } from './harness/cluster.ts'

const run = promisify(execFile)
const starts = 5

/** `ctl slave list` as an operator types it, beside a Node that does nothing. */
export const ctl: Benchmark = {
  name: 'ctl',
  summary: 'Wall time of `ctl slave list` against that of `node -e 0`',
  run: async (bench) => {
    const program = join(bench.packageDirectory, 'bin/ctl.js')
    if (!existsSync(join(bench.packageDirectory, 'dist/ctl.js'))) {
      bench.note('ctl: there is no built ctl in this package')
      return []
    }
    const cluster = await BenchCluster.start(bench)
    await cluster.joinSlave('east')
    const env = { ...process.env, CORRAL_CONFIG: '', CORRAL_URL: cluster.url, CORRAL_TOKEN: cluster.token }
    const timed = (...args: string[]) => async (): Promise<Sample> => {
      const began = performance.now()
      for (let i = 0; i < starts; i += 1) await run(process.execPath, args, { env, cwd: cluster.directory })
      return { ms: (performance.now() - began) / starts }
    }
    const { list, bare } = await interleave(bench, {
      list: timed(program, 'slave', 'list'),
      bare: timed('-e', '0'),
    })
    return [
      { name: 'ctl slave list', value: list.ms ?? Number.NaN, unit: 'ms' },
      { name: 'node -e 0', value: bare.ms ?? Number.NaN, unit: 'ms' },
      { name: 'ctl slave list ÷ node -e 0', value: ratio(list, bare, 'ms'), unit: '×', target: { kind: 'at most', limit: 3 } },
    ]
  },
}
