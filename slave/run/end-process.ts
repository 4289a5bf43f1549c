import { ClusterError } from '../../lib/errors/cluster-error.ts'
import type { RunExit } from './run-exit.ts'

/** What ending needs of a run. */
export interface EndableRun {
  readonly exit: RunExit | undefined
  onExit(listener: (exit: RunExit) => void): () => void
  signal(name: NodeJS.Signals): void
  kill(): Promise<void>
}

export interface EndPlan {
  /** How the game is asked to end by itself: a signal, or a call such as writing `quit` to its console. */
  ask?: NodeJS.Signals | (() => Promise<void>)
  /** How long it may take after being asked, such as to save. */
  askGraceMs: number
  /** How long it may take after SIGTERM. */
  terminateGraceMs: number
  /** Once aborted the run is left as it is: whoever finds it next goes on with ending it. */
  abandoned?: AbortSignal
}

/**
 * Ends a run: asks, waits, insists. Resolves with the exit when the game and all that it left behind are gone. A
 * question that cannot be put is taken for one that was not heard. Throws `deadline` if even SIGKILL does not help,
 * `shutting_down` when it was abandoned.
 */
export async function endProcess(run: EndableRun, { ask, askGraceMs, terminateGraceMs, abandoned }: EndPlan): Promise<RunExit> {
  const ended = new Promise<RunExit>((resolve, reject) => {
    run.onExit(resolve)
    const abandon = (): void => reject(new ClusterError('shutting_down', 'The game is left as it is while it was being ended'))
    if (abandoned?.aborted) abandon()
    else abandoned?.addEventListener('abort', abandon, { once: true })
  })
  ended.catch(() => {})

  if (ask !== undefined && !run.exit && await put(run, ask, ended, askGraceMs)) await within(ended, askGraceMs)
  if (!run.exit) {
    run.signal('SIGTERM')
    await within(ended, terminateGraceMs)
  }
  await run.kill()
  return await ended
}

/** False if the game could not be asked. */
async function put(run: EndableRun, ask: NodeJS.Signals | (() => Promise<void>), ended: Promise<unknown>, graceMs: number): Promise<boolean> {
  if (typeof ask === 'string') {
    run.signal(ask)
    return true
  }
  const asked = ask().then(() => true, () => false)
  return await within(Promise.race([asked, ended.then(() => true)]), graceMs) ?? false
}

/** The value, or undefined if it does not come in time. */
async function within<T>(promise: Promise<T>, timeoutMs: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => { timer = setTimeout(resolve, timeoutMs, undefined) })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
