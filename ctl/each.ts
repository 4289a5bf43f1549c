import type { Context } from './context.ts'
import type { Named, Resolution } from './resolve.ts'

/** Requests that are open at once; the master refuses more than it likes. */
const maxAtOnce = 32

/**
 * Does something to several things at once and reports each in the order in which they were named. What fails is
 * reported on stderr and does not keep the others from being done. Gives what succeeded.
 */
export async function forEach<T extends Named, R>(
  context: Pick<Context, 'progress' | 'fail'>,
  resolutions: ReadonlyArray<Resolution<T>>,
  doing: string,
  work: (target: T) => Promise<R>,
  report: (result: R, target: T) => void | Promise<void>,
): Promise<R[]> {
  const slots = new Slots(maxAtOnce)
  const outcomes = resolutions.map(async (resolution) => {
    if ('error' in resolution) return { error: resolution.error }
    const { target } = resolution
    try {
      return { target, result: await slots.run(() => context.progress.during(`${doing} ${target.name}`, work(target))) }
    } catch (error) {
      return { target, error }
    }
  })
  const results: R[] = []
  for (const outcome of outcomes) {
    const { target, error, result } = await outcome as { target?: T; error?: unknown; result?: R }
    if (error !== undefined || target === undefined) {
      context.fail(error, target?.name)
      continue
    }
    results.push(result as R)
    await report(result as R, target)
  }
  return results
}

class Slots {
  #free: number
  readonly #waiting: Array<() => void> = []

  constructor(count: number) {
    this.#free = count
  }

  async run<R>(work: () => Promise<R>): Promise<R> {
    if (this.#free > 0) this.#free -= 1
    else await new Promise<void>((resolve) => { this.#waiting.push(resolve) })
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#free += 1
    }
  }
}
