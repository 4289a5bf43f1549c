import type { ChannelSettings, Dialect } from '../lib/link/channel.ts'
import type { Logger } from '../lib/log/logger.ts'
import { acquireDataLock } from './data-lock.ts'
import type { Host } from './instance/host.ts'
import { messages } from '../lib/link/messages/index.ts'
import { Registry } from '../lib/link/registry.ts'
import { MasterLink } from './master-link/master-link.ts'
import { StateReporter } from './master-link/state-reporter.ts'
import { SlavePlugins } from './plugins/host.ts'
import { Drain } from './supervisor/drain.ts'
import { SlaveState } from './supervisor/slave-state.ts'
import { Supervisor } from './supervisor/supervisor.ts'

export interface SlaveOptions {
  readonly dataDirectory: string
  readonly master: { readonly url: string; readonly token: string; readonly ca: string | undefined; readonly dialect: Dialect }
  readonly id: number
  readonly name: string
  readonly link: ChannelSettings
  readonly reconnect: { readonly baseMs: number; readonly capMs: number }
  readonly host: Omit<Host, 'isDraining'>
  readonly log: Logger
}

export interface RunningSlave {
  /** Leaves the cluster's link in order. Games go on unless they are to be stopped. */
  stop(options: { stopsGames: boolean }): Promise<void>
}

/**
 * Starts a slave: takes its data directory, goes on with the games that are there, then seeks its master.
 * Throws `data_directory_in_use`.
 */
export async function startSlave({ dataDirectory, master, id, name, link, reconnect, host, log }: SlaveOptions): Promise<RunningSlave> {
  const lock = await acquireDataLock(dataDirectory)
  const state = await SlaveState.open(dataDirectory, log)
  const reporter = new StateReporter()
  const registry = new Registry(Object.values(messages))
  const plugins = new SlavePlugins({ slave: { id, name }, dataDirectory, log, registry })
  const supervisor = new Supervisor(dataDirectory, { ...host, isDraining: () => state.drain !== null }, plugins.after(reporter))
  const drain = new Drain(state, supervisor, log, (isOn) => reporter.drainChanged(isOn))
  await supervisor.recover()
  drain.recover()
  const masterLink = new MasterLink({ ...master, id, name, settings: link, reconnect, registry, plugins, supervisor, reporter, log, drain, dataDirectoryId: state.dataDirectoryId })
  plugins.recover(supervisor, () => masterLink.link)
  masterLink.start()
  return {
    stop: async ({ stopsGames }) => {
      drain.close()
      await plugins.close()
      if (stopsGames) await supervisor.stopGames()
      masterLink.close()
      await supervisor.detach()
      await lock.release()
    },
  }
}
