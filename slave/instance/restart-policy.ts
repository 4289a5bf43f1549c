import type { RestartPolicy } from '../../lib/link/messages/shapes.ts'

export interface RestartSettings {
  /** Upper bound of the first wait. */
  readonly baseMs: number
  /** Upper bound of every wait. */
  readonly capMs: number
  /** At most this many restarts … */
  readonly maxAttempts: number
  /** … within this time; then the instance is given up as crashed. */
  readonly windowMs: number
}

export interface EndOfRun {
  readonly policy: RestartPolicy
  /** It ended by itself with exit status 0. */
  readonly isClean: boolean
  /** When earlier restarts were, ISO 8601. */
  readonly restarts: readonly string[]
  readonly now: number
}

/** What follows a run that ended though it was wanted. */
export type Verdict =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'restart'; readonly delayMs: number; readonly restarts: string[] }
  | { readonly kind: 'crashed'; readonly isGivenUp: boolean }

/** Decides by the instance's policy, its recent restarts and chance (full jitter between half and all of the bound). */
export function decide({ policy, isClean, restarts, now }: EndOfRun, settings: RestartSettings, random: () => number = Math.random): Verdict {
  if (policy === 'never') return isClean ? { kind: 'stopped' } : { kind: 'crashed', isGivenUp: false }
  if (policy === 'on-failure' && isClean) return { kind: 'stopped' }
  const recent = restarts.filter((time) => now - Date.parse(time) < settings.windowMs)
  if (recent.length >= settings.maxAttempts) return { kind: 'crashed', isGivenUp: true }
  const boundMs = Math.min(settings.capMs, settings.baseMs * 2 ** recent.length)
  return { kind: 'restart', delayMs: Math.round(boundMs * (0.5 + random() / 2)), restarts: [...recent, new Date(now).toISOString()] }
}

/** The time after a delay, in UTC, for people: `12:00:00Z`. */
export function timeOfDay(delayMs: number): string {
  return `${new Date(Date.now() + delayMs).toISOString().slice(11, 19)}Z`
}
