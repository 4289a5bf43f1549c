import { randomUUID } from 'node:crypto'
import { durationText } from '../../../lib/cli/duration.ts'
import { listInstances } from '../../../lib/link/messages/instances.ts'
import type { killInstance, restartInstance, startInstance, stopInstance } from '../../../lib/link/messages/instances.ts'
import type { InstanceStatus } from '../../../lib/link/messages/shapes.ts'
import { ClusterError } from '../../../lib/errors/cluster-error.ts'
import { defaultDeadlineMs } from '../../../lib/link/define.ts'
import type { Context } from '../../context.ts'
import { forEach } from '../../each.ts'
import { resolveAll } from '../../resolve.ts'

type Awaited = typeof startInstance | typeof stopInstance | typeof restartInstance

/** What is done to instances, in words. */
export interface Action {
  readonly doing: string
  readonly done: string
  readonly noun: string
  /** Statuses that say that it is done or under way. */
  readonly shownBy: readonly InstanceStatus[]
}

export const starting: Action = { doing: 'starting', done: 'started', noun: 'start', shownBy: ['starting', 'running'] }

/** Sends a request about each instance that was named and reports the status that it has then. */
export async function controlEach(context: Context, action: Action, definition: Awaited | typeof killInstance): Promise<void> {
  const { args, connect, output } = context
  const { doing } = action
  const master = await connect()
  const { list } = await master.send(listInstances, {})
  const words = args.words('NAME')
  const wait = args.flag('wait')
  if (wait) context.whenInterrupted(goesOnText(action, words.length > 1))
  const results = await forEach(context, resolveAll('instance', list, words), doing, async ({ id, name }) => {
    const data = { instance_id: id, ...(wait ? { wait } : {}) }
    const answer = master.send(definition, data, { deadlineMs: deadlineOf(wait, definition), key: randomUUID() })
    const { status } = await (wait ? stillGoingOn(answer, doing, name) : answer)
    return { id, name, status }
  }, ({ name, status }) => output.line(`${name}: ${wait ? status : statusText(status, action)}`))
  await output.results(results, words.length > 1)
}

/** The status of an instance about which something was asked a moment ago: where it does not show that yet, what will be. */
export function statusText(status: InstanceStatus, { done, shownBy }: Action): string {
  return shownBy.includes(status) ? status : `${status}, is being ${done}`
}

/** What is said to who no longer waits. */
export function goesOnText({ noun }: Action, areMany = false): string {
  return areMany ? `interrupted; each ${noun} that was begun goes on` : `interrupted; the ${noun} goes on`
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
