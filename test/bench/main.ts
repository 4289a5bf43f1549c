// npm run bench -- [NAME …] [--rounds N] [--seconds S] [--quick] [--clone] [--package DIRECTORY] [--profile DIRECTORY] [--json FILE]
import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { packageRoot } from '../../lib/package-root.ts'
import { Cleanups } from '../helpers/cleanups.ts'
import { benchmarks, processes } from './catalogue.ts'
import type { Bench, Benchmark } from './harness/benchmark.ts'
import { bundleProcesses } from './harness/child.ts'
import { machine, table } from './harness/report.ts'
import type { Result } from './harness/report.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    quick: { type: 'boolean', default: false },
    clone: { type: 'boolean', default: false },
    package: { type: 'string', default: packageRoot },
    profile: { type: 'string' },
    json: { type: 'string', default: 'bench-results.json' },
  },
})

const print = (text: string): void => { process.stderr.write(`${text}\n`) }

function chosen(): Benchmark[] {
  const known = new Map(benchmarks.map((benchmark) => [benchmark.name, benchmark]))
  const unknown = positionals.filter((name) => !known.has(name))
  if (unknown.length > 0) throw new Error(`There is no benchmark ${unknown.join(', ')}; there are ${[...known.keys()].join(', ')}`)
  if (positionals.length > 0) return benchmarks.filter(({ name }) => positionals.includes(name))
  return benchmarks.filter(({ name, isOptional }) => !isOptional || (name === 'clone' && values.clone))
}

async function measure(benchmark: Benchmark): Promise<Result> {
  const cleanups = new Cleanups()
  const notes: string[] = []
  const bench: Bench = {
    rounds: Number(values.rounds ?? (values.quick ? 2 : 5)),
    seconds: Number(values.seconds ?? (values.quick ? 0.5 : 2)),
    isQuick: values.quick,
    packageDirectory: resolve(values.package),
    masterOptions: values.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${resolve(values.profile)}`],
    onEnd: (step) => cleanups.add(step),
    note: (text) => notes.push(text),
  }
  try {
    return { benchmark: benchmark.name, figures: await benchmark.run(bench), notes }
  } catch (error) {
    // One that fails must not cost the figures of the others.
    process.exitCode = 1
    return { benchmark: benchmark.name, figures: [], notes: [...notes, `${benchmark.name} failed: ${error instanceof Error ? error.message : String(error)}`] }
  } finally {
    await cleanups.run()
  }
}

const wanted = chosen()
await bundleProcesses(processes)
const results: Result[] = []
for (const benchmark of wanted) {
  print(`${benchmark.name}: ${benchmark.summary} …`)
  results.push(await measure(benchmark))
}
process.stdout.write(`\n${table(results)}\n`)
await writeFile(values.json, `${JSON.stringify({ date: new Date().toISOString(), machine: machine(), results }, undefined, 2)}\n`)
