import { longestTimerMs } from '../net/with-deadline.ts'
import type { PluginGuard } from './guard.ts'
import type { UndoList } from './undo.ts'

/** The time, and timers that end with the plugin. */
export interface Clock {
  /** Milliseconds since 1970, UTC. */
  now(): number
  /** Calls once after some milliseconds; the returned function prevents that. */
  after(ms: number, call: () => unknown): () => void
  /** Calls every so many milliseconds, until the returned function is called. */
  every(ms: number, call: () => unknown): () => void
}

/** A plugin's clock. What throws at a timer is a fatal failure of the plugin: nobody waits for it. */
export function pluginClock(guard: PluginGuard, undo: UndoList): Clock {
  return {
    now: () => Date.now(),
    after: (ms, call) => {
      const cancel = undo.add(() => clearTimeout(timer))
      const timer = setTimeout(() => {
        cancel()
        guard.callOwn('timer', call)
      }, Math.min(ms, longestTimerMs))
      return cancel
    },
    every: (ms, call) => {
      const timer = setInterval(() => guard.callOwn('timer', call), Math.min(ms, longestTimerMs))
      return undo.add(() => clearInterval(timer))
    },
  }
}
