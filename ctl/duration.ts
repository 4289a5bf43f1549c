import { usageError } from './usage-error.ts'

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const pattern = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/

/** Milliseconds of `500ms`, `30s`, `5m`, `12h`, `1d` or a plain number of seconds. Throws a usage error that names the option. */
export function parseDurationMs(text: string, option: string): number {
  const [, amount, unit = 's'] = pattern.exec(text.trim()) ?? []
  const ms = Math.round(Number(amount) * unitMs[unit as keyof typeof unitMs])
  if (amount !== undefined && ms > 0 && Number.isSafeInteger(ms)) return ms
  throw usageError(`--${option} must be a duration such as 30s, 5m, 12h or 1d, not "${text}"`)
}
