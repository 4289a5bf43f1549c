import { existsSync } from 'node:fs'
import type { WholeAssignment } from '../../lib/link/messages/instances.ts'
import type { Logger } from '../../lib/log/logger.ts'
import { describeExit } from '../run/run-exit.ts'
import { Run } from '../run/run.ts'
import { lastLines } from './end-of-run.ts'
import { runLimitBytes } from './launch-game.ts'
import type { InstanceDirectory } from './record.ts'

/** The run whose end is not on record, be it over or not; undefined where the game never began, and can't any more. */
export async function recoverRun(number: number, directory: InstanceDirectory, assignment: WholeAssignment, log: Logger): Promise<Run | undefined> {
  const path = directory.run(number)
  const options = { directory: path, consoleLimitBytes: runLimitBytes(assignment), onWarning: (text: string) => log.warn(text) }
  const run = existsSync(path) ? await Run.recover(options) : undefined
  if (!run) {
    await directory.deleteRun(number)
    return undefined
  }
  if (run.exit) {
    const { at } = run.exit
    log.warn(`Run ${number} has ended while no slave was here: ${describeExit(run.exit)}`, { at, lastLines: await lastLines(run) })
  } else {
    log.info(`Run ${number} goes on (process ${run.pid})`)
  }
  return run
}
