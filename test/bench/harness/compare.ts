import { ratio } from './benchmark.ts'
import type { Figure, Sample, Target } from './benchmark.ts'

interface Bounds {
  readonly p50?: Omit<Target, 'kind'>
  readonly cpu?: Omit<Target, 'kind'>
  readonly throughput?: Omit<Target, 'kind'>
}

/**
 * What is told of one kind of work beside the plain server: throughput, CPU of the server for each `unit`, and latency
 * where it was measured. `what` says the rest: sizes, how many at once.
 */
export function compare(unit: string, what: string, ours: Sample, plain: Sample, { cpu, throughput, p50 }: Bounds = {}): Figure[] {
  const value = (name: string, key: string, in_: string): Figure[] => (ours[key] === undefined ? [] : [{ name: `${name}, ${what}`, value: ours[key], unit: in_ }])
  return [
    ...value(`${plural(unit)}/s`, 'perSecond', '/s'),
    { name: `${plural(unit)}/s ÷ plain, ${what}`, value: ratio(ours, plain, 'perSecond'), unit: '×', ...(throughput ? { target: { kind: 'at least', ...throughput } as const } : {}) },
    ...value(`CPU per ${unit}`, 'cpuUs', 'µs'),
    { name: `CPU per ${unit} ÷ plain, ${what}`, value: ratio(ours, plain, 'cpuUs'), unit: '×', ...(cpu ? { target: { kind: 'at most', ...cpu } as const } : {}) },
    ...value('p50', 'p50', 'ms'),
    ...value('p99', 'p99', 'ms'),
    ...(ours['p50'] === undefined ? [] : [{ name: `p50 ÷ plain, ${what}`, value: ratio(ours, plain, 'p50'), unit: '×', ...(p50 ? { target: { kind: 'at most', ...p50 } as const } : {}) }]),
  ]
}

function plural(unit: string): string {
  return unit.replace(/([^aeiou])y$/, '$1ie') + 's'
}
