import type { Benchmark } from './harness/benchmark.ts'
import { cpuSeconds, residentBytes } from './harness/process-figures.ts'
import { Rig } from './harness/rig.ts'

const size = 5_000
const atOnce = 100

/** Many controls that connect, register and get an answer. */
export const crowd: Benchmark = {
  name: 'crowd',
  summary: '5,000 controls connect, register and get an answer',
  run: async (bench) => {
    const rig = await Rig.start(bench, [])
    const { pid } = rig.cluster.master
    const ask = (controls: number): Promise<{ seconds: number }> => rig.load.ask('crowd', { url: rig.cluster.url, token: rig.cluster.token, size: controls, atOnce })
    // What is made once, on the first connections, is not theirs.
    await ask(200)
    const residentBefore = residentBytes(pid)
    const cpuBefore = cpuSeconds(pid)
    const { seconds } = await ask(size)
    const perConnection = (residentBytes(pid) - residentBefore) / size
    const cpuUs = ((cpuSeconds(pid) - cpuBefore) * 1e6) / size
    await rig.load.ask('disperse')
    return [
      { name: `${size} controls connected and answered`, value: seconds, unit: 's' },
      { name: 'memory per connection', value: perConnection / 1_024, unit: 'KiB' },
      { name: 'CPU per connection', value: cpuUs, unit: 'µs' },
    ]
  },
}
