import type { EndpointHandlers } from '../../lib/link/handlers.ts'
import type { Link } from '../../lib/link/link.ts'
import type { Messages } from '../../lib/link/messages/index.ts'
import type { Drain } from '../supervisor/drain.ts'
import type { Supervisor } from '../supervisor/supervisor.ts'
import type { StateReporter } from './state-reporter.ts'

export type SlaveHandlers = EndpointHandlers<Messages, 'master-slave', Link>

/** What a slave does when its master asks. */
export function slaveHandlers(supervisor: Supervisor, reporter: StateReporter, drain: Drain): SlaveHandlers {
  return {
    assign_instance: async ({ instance }) => ({ state: (await supervisor.assign(instance)).state }),
    delete_instance: async ({ instance_id: id }) => {
      await supervisor.remove(id)
      return {}
    },
    start_instance: async ({ instance_id: id, wait = false }) => ({ status: await supervisor.require(id).start(wait) }),
    stop_instance: async ({ instance_id: id, wait = false }) => ({ status: await supervisor.require(id).stop(wait) }),
    restart_instance: async ({ instance_id: id, wait = false }) => ({ status: await supervisor.require(id).restart(wait) }),
    kill_instance: async ({ instance_id: id }) => ({ status: await supervisor.require(id).kill() }),
    read_console: ({ instance_id: id, ...what }) => supervisor.require(id).archive.read(what),
    list_runs: ({ instance_id: id }) => supervisor.require(id).archive.list(),
    send_rcon: async ({ instance_id: id, command }) => {
      await supervisor.require(id).send(command)
      return { result: '' }
    },
    drain_slave: ({ slave_id: _here, ...order }) => drain.set(order),
    set_instance_output_subscriptions: ({ instance_ids: ids }) => {
      reporter.follow(ids, (id) => supervisor.get(id))
      return {}
    },
  }
}
