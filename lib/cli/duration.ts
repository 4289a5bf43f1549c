import type { ClusterError } from '../errors/cluster-error.ts'
import { usageError } from './usage-error.ts'

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const pattern = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/

/** Milliseconds of `500ms`, `30s`, `5m`, `12h` or `1d`, at most `max`, written so. Throws a usage error that names the option. */
export function parseDurationMs(text: string, option: string, max?: string): number {
  const ms = msOf(text)
  if (ms === undefined || ms <= 0 || !Number.isSafeInteger(ms)) throw notOne(text, option)
  if (max !== undefined && ms > (msOf(max) ?? 0)) throw usageError(`--${option} must be at most ${max}, not "${text}"`)
  return ms
}

/** A duration for people: `250 ms`, `2.5 s`. */
export function durationText(ms: number): string {
  return ms < 1_000 ? `${ms} ms` : `${ms / 1_000} s`
}

function msOf(text: string): number | undefined {
  const [, amount, unit] = pattern.exec(text.trim()) ?? []
  return amount === undefined ? undefined : Math.round(Number(amount) * unitMs[unit as keyof typeof unitMs])
}

function notOne(text: string, option: string): ClusterError {
  const isBare = /^\d+$/.test(text.trim())
  const advice = isBare ? `; ${text} of what? Say ${text}s, ${text}m, ${text}h or ${text}d` : ''
  return usageError(`--${option} must be a duration such as 30s, 5m, 12h or 1d, not "${text}"${advice}`)
}
