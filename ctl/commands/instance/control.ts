import { randomUUID } from 'node:crypto'
import { listInstances } from '../../../lib/link/messages/instances.ts'
import type { killInstance, restartInstance, startInstance, stopInstance } from '../../../lib/link/messages/instances.ts'
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
    const { status } = await master.send(definition, data, { deadlineMs: deadlineOf(wait, definition), key: randomUUID() })
    return { id, name, status }
  }, ({ name, status }) => output.line(`${name}: ${status}`))
  await output.results(results, words.length > 1)
}

/** Only the work itself may take minutes; to be on record takes no longer than any answer. */
export function deadlineOf(wait: boolean, { deadlineMs }: { deadlineMs: number }): number {
  return wait ? deadlineMs : Math.min(deadlineMs, defaultDeadlineMs)
}
