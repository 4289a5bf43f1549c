import type { ClusterError } from '../errors/cluster-error.ts'

/** Longer timers fire at once on Node. */
export const longestTimerMs = 2 ** 31 - 1

/**
 * The outcome of `promise`, or a rejection with `onTimeout()` if it has none after `ms`. The timer is cleared either
 * way. The promise itself goes on; what becomes of it after the deadline is ignored, a rejection too.
 */
export function withDeadline<T>(promise: PromiseLike<T>, ms: number, onTimeout: () => ClusterError): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(onTimeout()), Math.min(ms, longestTimerMs))
    promise.then(
      (value) => {
        clearTimeout(timer)
        resolve(value)
      },
      (error: unknown) => {
        clearTimeout(timer)
        reject(error)
      },
    )
  })
}
