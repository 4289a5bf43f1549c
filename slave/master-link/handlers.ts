import type { EndpointHandlers } from '../../lib/link/handlers.ts'
import type { Link } from '../../lib/link/link.ts'
import { ConsoleLine } from '../../lib/link/messages/console.ts'
import type { Messages } from '../../lib/link/messages/index.ts'
import { check } from '../../lib/link/validate.ts'
import type { SlavePlugins } from '../plugins/host.ts'
import type { Drain } from '../supervisor/drain.ts'
import type { Supervisor } from '../supervisor/supervisor.ts'
import type { StateReporter } from './state-reporter.ts'

export type SlaveHandlers = EndpointHandlers<Messages, 'master-slave', Link>

/** What a slave does when its master asks. */
export function slaveHandlers(supervisor: Supervisor, reporter: StateReporter, drain: Drain, plugins: SlavePlugins): SlaveHandlers {
  return {
    assign_instance: async (given) => ({ state: (await supervisor.assign(given)).state }),
    delete_instance: async ({ instance_id: id }) => {
      if (!await supervisor.remove(id)) supervisor.require(id)
      return {}
    },
    start_instance: async ({ instance_id: id, wait = false }) => ({ status: await supervisor.require(id).start(wait) }),
    stop_instance: async ({ instance_id: id, wait = false }) => ({ status: await supervisor.require(id).stop(wait) }),
    restart_instance: async ({ instance_id: id, wait = false }) => ({ status: await supervisor.require(id).restart(wait) }),
    kill_instance: async ({ instance_id: id }) => ({ status: await supervisor.require(id).kill() }),
    read_console: ({ instance_id: id, ...what }) => supervisor.require(id).archive.read(what),
    list_runs: ({ instance_id: id }) => supervisor.require(id).archive.list(),
    create_save: async ({ instance_id: id }) => {
      await supervisor.require(id).save()
      return {}
    },
    send_rcon: async ({ instance_id: id, command, answer = false }) => {
      const instance = supervisor.require(id)
      check(ConsoleLine, { command }, 'send_rcon')
      if (answer) return { result: await instance.ask(command) }
      await instance.send(command)
      return { result: '' }
    },
    drain_slave: ({ slave_id: _here, ...order }) => drain.set(order),
    set_plugins: ({ plugins: orders }) => plugins.set(orders),
    set_instance_output_subscriptions: ({ instance_ids: ids }) => {
      reporter.follow(ids, (id) => supervisor.get(id))
      return {}
    },
  }
}
