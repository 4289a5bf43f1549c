import type { Logger } from '../lib/log/logger.ts'
import type { Store } from '../lib/store/store.ts'
import { Access } from './services/access.ts'
import { Assignments } from './services/assignments.ts'
import { ConsoleService } from './services/consoles.ts'
import { InstanceService } from './services/instances.ts'
import { SlaveService } from './services/slaves.ts'
import { StatusFeed } from './services/status-feed.ts'
import type { TemplateService } from './services/templates.ts'
import { UntoldStates } from './services/untold-states.ts'
import { TokenService } from './services/tokens.ts'
import { UserService } from './services/users.ts'
import type { Hooks } from '../lib/plugin/cluster-view.ts'
import { HookTable } from '../lib/plugin/hook-table.ts'
import { PluginLink } from './plugins/link.ts'

/** The services of a master, made once and handed to its doors. */
export interface Cluster {
  readonly store: Store
  readonly log: Logger
  readonly tokens: TokenService
  readonly users: UserService
  readonly access: Access
  readonly slaves: SlaveService
  readonly instances: InstanceService
  readonly templates: TemplateService
  readonly assignments: Assignments
  readonly consoles: ConsoleService
  readonly untoldStates: UntoldStates
  readonly status: StatusFeed
  /** What happens here, for plugins. */
  readonly hooks: HookTable<Hooks>
  /** What plugins say over the links. */
  readonly pluginLink: PluginLink
  /** Address at which programs on other hosts reach this master. */
  readonly url: string
  readonly startedAt: Date
}

interface ClusterParts {
  readonly store: Store
  readonly log: Logger
  readonly templates: TemplateService
  readonly url: string
  readonly maxFollowerBufferBytes: number
}

export function createCluster({ store, log, templates, url, maxFollowerBufferBytes }: ClusterParts): Cluster {
  const tokens = new TokenService(store)
  const users = new UserService(store)
  const slaves = new SlaveService(store, tokens)
  const instances = new InstanceService(store, slaves)
  const untoldStates = new UntoldStates(instances)
  return {
    store, log, tokens, users, slaves, instances, templates, url,
    access: new Access(tokens, users),
    assignments: new Assignments({ instances, slaves, templates, log }),
    consoles: new ConsoleService({ instances, slaves, untoldStates, log, maxBufferedBytes: maxFollowerBufferBytes }),
    untoldStates,
    status: new StatusFeed({ instances, slaves }),
    hooks: clusterHooks(slaves, instances, users),
    pluginLink: new PluginLink({ slaves, instances, log }),
    startedAt: new Date(),
  }
}

function clusterHooks(slaves: SlaveService, instances: InstanceService, users: UserService): HookTable<Hooks> {
  const hooks = new HookTable<Hooks>()
  instances.onChange((instanceId) => {
    const record = instances.get(instanceId)
    if (record) hooks.emit('instance_changed', { instance: instances.info(record) })
    else hooks.emit('instance_deleted', { instanceId })
  })
  slaves.watch(() => hooks.emit('slaves_changed', {}))
  users.onRevoked((userId) => hooks.emit('user_revoked', { userId }))
  return hooks
}
