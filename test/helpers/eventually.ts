import { setTimeout as delay } from 'node:timers/promises'

export interface EventuallyOptions {
  /** How long it may take; 5 s by default. */
  readonly deadlineMs?: number
  /** What is waited for, as the failure says it. */
  readonly what?: string
}

const pollMs = 15

/**
 * Tries an assertion again until it holds, and gives its value. For conditions that no event announces. Fails at the
 * deadline with the assertion's last error as the cause, also when the assertion itself hangs.
 */
export async function eventually<T>(
  attempt: () => T | Promise<T>,
  { deadlineMs = 5_000, what = 'The condition' }: EventuallyOptions = {},
): Promise<T> {
  const deadlineAt = performance.now() + deadlineMs
  let last: { error: unknown } | undefined
  for (;;) {
    const remainingMs = Math.max(0, deadlineAt - performance.now())
    const outcome = await outcomeWithin(attempt, Math.max(remainingMs, pollMs))
    if ('value' in outcome) return outcome.value
    // An attempt that hung says less than the failure of the one before it.
    if ('error' in outcome) last = outcome
    if (performance.now() + pollMs >= deadlineAt) break
    await delay(pollMs)
  }
  const reason = last ? messageOf(last.error) : 'the check did not end'
  throw new Error(`${what} did not hold within ${deadlineMs} ms: ${reason}`, { cause: last?.error })
}

type Outcome<T> = { value: T } | { error: unknown } | { isHanging: true }

async function outcomeWithin<T>(attempt: () => T | Promise<T>, ms: number): Promise<Outcome<T>> {
  const timer = new AbortController()
  const tried: Promise<Outcome<T>> = (async () => attempt())().then((value) => ({ value }), (error: unknown) => ({ error }))
  const hung = delay(ms, { isHanging: true } as const, { signal: timer.signal })
  hung.catch(() => {})
  try {
    return await Promise.race([tried, hung])
  } finally {
    timer.abort()
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
