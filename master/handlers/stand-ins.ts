import type { RequestDefinition, RequestOf } from '../../lib/link/define.ts'
import { routeOf } from '../../lib/link/define.ts'
import { startInstance, stopInstance } from '../../lib/link/messages/instances.ts'
import type { restartInstance } from '../../lib/link/messages/instances.ts'
import type { listRuns, readConsole } from '../../lib/link/messages/console.ts'
import { Payload } from '../../lib/link/payload.ts'
import type { RequestMessage } from '../../lib/link/message.ts'
import type { Cluster } from '../cluster.ts'
import type { RequestContext } from './context.ts'

type Answer = (definition: RequestDefinition, request: Pick<RequestMessage, 'to' | 'key' | 'data'>, context: RequestContext) => Promise<unknown>

/** What the master does itself for slaves whose programs know no such request. `answer` is that of the dispatcher. */
export function standIns({ consoles, instances }: Cluster, answer: Answer) {
  return {
    read_console: (query: RequestOf<typeof readConsole>) => consoles.backlog.read(query),
    list_runs: ({ instance_id: id }: RequestOf<typeof listRuns>) => consoles.backlog.list(id),

    restart_instance: async (data: RequestOf<typeof restartInstance>, context: RequestContext) => {
      const { instance_id: id, wait = false } = data
      const ask = (definition: RequestDefinition, wanted: object): Promise<unknown> =>
        answer(definition, { to: routeOf(definition, wanted), data: Payload.ofValue(wanted) }, context)
      if (instances.state(instances.require(id)).status !== 'stopped') await ask(stopInstance, { instance_id: id, wait: true })
      return ask(startInstance, { instance_id: id, wait })
    },
  }
}
