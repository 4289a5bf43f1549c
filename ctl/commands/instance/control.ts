import { randomUUID } from 'node:crypto'
import { durationText } from '../../../lib/cli/duration.ts'
import { listInstances } from '../../../lib/link/messages/instances.ts'
import type { killInstance, restartInstance, startInstance, stopInstance } from '../../../lib/link/messages/instances.ts'
import { ClusterError } from '../../../lib/errors/cluster-error.ts'
import { defaultDeadlineMs } from '../../../lib/link/define.ts'
import type { Context } from '../../context.ts'
import { forEach } from '../../each.ts'
import { resolveAll } from '../../resolve.ts'

type Awaited = typeof startInstance | typeof stopInstance | typeof restartInstance

/** Sends a request about each instance that was named and reports the status that it has then. */
export async function controlEach(context: Context, doing: string, definition: Awaited | typeof killInstance): Promise<void> {
  const { args, connect, output } = context
  const master = await connect()
  const { list } = await master.send(listInstances, {})
  const words = args.words('NAME')
  const wait = args.flag('wait')
  const results = await forEach(context, resolveAll('instance', list, words), doing, async ({ id, name }) => {
    const data = { instance_id: id, ...(wait ? { wait } : {}) }
    const answer = master.send(definition, data, { deadlineMs: deadlineOf(wait, definition), key: randomUUID() })
    const { status } = await (wait ? stillGoingOn(answer, doing, name) : answer)
    return { id, name, status }
  }, ({ name, status }) => output.line(`${name}: ${status}`))
  await output.results(results, words.length > 1)
}

/** The answer of who waits until it is done; a deadline ends only the waiting, which is what it says. */
export async function stillGoingOn<T>(answer: Promise<T>, doing: string, name: string): Promise<T> {
  try {
    return await answer
  } catch (error) {
    const { code, details } = ClusterError.from(error)
    if (code !== 'deadline' || typeof details.deadline_ms !== 'number') throw error
    throw new ClusterError('deadline', `${doing} takes longer than ${durationText(details.deadline_ms)} and goes on; see \`ctl instance show ${name}\``, { details, cause: error })
  }
}

/** Only the work itself may take minutes; to be on record takes no longer than any answer. */
export function deadlineOf(wait: boolean, { deadlineMs }: { deadlineMs: number }): number {
  return wait ? deadlineMs : Math.min(deadlineMs, defaultDeadlineMs)
}
