import { execFileSync } from 'node:child_process'
import { cpus, release } from 'node:os'
import type { Figure, Target } from './benchmark.ts'

export interface Result {
  readonly benchmark: string
  readonly figures: readonly Figure[]
  readonly notes: readonly string[]
}

/** Whether a figure keeps to its target; undefined where it has none. */
export function isMet({ value, target }: Figure): boolean | undefined {
  if (!target) return undefined
  return target.kind === 'at most' ? value <= target.limit : value >= target.limit
}

/** The figures as a table for people. */
export function table(results: readonly Result[]): string {
  const rows = results.flatMap(({ figures }) => figures.map((figure) => [
    figure.name,
    `${shown(figure.value)}${figure.unit ? ` ${figure.unit}` : ''}`,
    figure.target ? describe(figure.target) : '',
    { true: 'met', false: 'MISSED', undefined: '' }[String(isMet(figure))] ?? '',
  ]))
  const all = [['figure', 'value', 'target', ''], ...rows]
  const widths = [0, 1, 2].map((column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  const lines = all.map(([name = '', value = '', target = '', met = '']) => (
    `${name.padEnd(widths[0] ?? 0)}  ${value.padStart(widths[1] ?? 0)}  ${target.padEnd(widths[2] ?? 0)}  ${met}`.trimEnd()
  ))
  const notes = results.flatMap(({ notes }) => notes.map((note) => `! ${note}`))
  return [...lines, ...notes].join('\n')
}

function describe({ kind, limit, aim }: Target): string {
  return `${kind} ${limit}${aim === undefined ? '' : `, aim ${aim}`}`
}

function shown(value: number): string {
  if (!Number.isFinite(value)) return '–'
  if (value >= 100) return Math.round(value).toLocaleString('en-US')
  return value.toFixed(value >= 10 ? 1 : 2)
}

/** What the figures were measured on. */
export function machine(): Record<string, string | number> {
  return { node: process.version, kernel: release(), cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, commit: commit() }
}

function commit(): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }).trim()
  } catch {
    return 'unknown'
  }
}
