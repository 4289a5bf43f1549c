import { ClusterError } from '../../lib/errors/cluster-error.ts'
import type { Template } from '../../lib/template/schema.ts'
import type { EndPlan } from '../run/end-process.ts'
import { describeExit, lastExitOf } from '../run/run-exit.ts'
import type { RunExit } from '../run/run-exit.ts'
import type { Run } from '../run/run.ts'
import type { GameConsole } from './game-console.ts'

const lastLinesShown = 10

/** How a template wants its game to be ended. */
export function endPlan(stop: Template['stop'], console: GameConsole): EndPlan {
  const { command, signal } = stop
  const ask = command === undefined ? signal : () => console.send(command)
  return { ask, askGraceMs: stop.grace_ms, terminateGraceMs: stop.term_grace_ms }
}

/** Why a run ended that should not have, with its last lines. */
export function endError(exit: RunExit, { fault, isReady }: { readonly fault: string | undefined; readonly isReady: boolean }, lines: string): ClusterError {
  const how = fault ?? `it ended with ${describeExit(exit)}`
  const when = isReady ? 'The game stopped' : 'The game did not start'
  return new ClusterError('start_failed', `${when}: ${how}.${lines ? ` Its last lines:\n${lines}` : ' It printed nothing.'}`, {
    details: { exit: lastExitOf(exit) },
  })
}

/** What the game printed last; nothing where that can't be read: a run's end is dealt with all the same. */
export async function lastLines({ output }: Run): Promise<string> {
  try {
    const from = await output.tailOffset(lastLinesShown)
    const { bytes } = await output.read(from, 8_192)
    return Buffer.from(bytes).toString('utf8').trimEnd()
  } catch {
    return ''
  }
}
