import type { ClusterError } from '../../lib/errors/cluster-error.ts'
import type { ActualState } from './actual-state.ts'
import type { Host } from './host.ts'
import type { RecordKeeper } from './record-keeper.ts'
import { decide, timeOfDay } from './restart-policy.ts'

interface Parts {
  readonly host: Host
  readonly keeper: RecordKeeper
  readonly actual: ActualState
  startLater(delayMs: number): void
}

/** A run ended, or did not begin, though it was wanted: the restart policy has the word. */
export async function followEnd(error: ClusterError, isClean: boolean, { host, keeper, actual, startLater }: Parts): Promise<void> {
  const { assignment: { restart_policy: policy }, restarts, desired } = keeper.record
  if (desired === 'stopped') return actual.set('stopped')
  const verdict = decide({ policy, isClean, restarts, now: Date.now() }, host.restart)
  if (verdict.kind === 'stopped') {
    // A game that ended in order was told to, perhaps on its own console: that is not undone.
    await keeper.note({ desired: 'stopped' })
    actual.waiters.fail('running', error)
    actual.set('stopped')
  } else if (verdict.kind === 'restart') {
    await keeper.note({ restarts: verdict.restarts })
    actual.crashed(error, `It is started again at ${timeOfDay(verdict.delayMs)}.`)
    startLater(verdict.delayMs)
  } else {
    await keeper.note({ has_given_up: true })
    actual.crashed(error, verdict.isGivenUp ? 'It crashed too often and is not started again by itself.' : undefined)
  }
}
