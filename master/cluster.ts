import type { Logger } from '../lib/log/logger.ts'
import type { Store } from '../lib/store/store.ts'
import { Assignments } from './services/assignments.ts'
import { ConsoleService } from './services/consoles.ts'
import { InstanceService } from './services/instances.ts'
import { SlaveService } from './services/slaves.ts'
import { StatusFeed } from './services/status-feed.ts'
import type { TemplateService } from './services/templates.ts'
import { TokenService } from './services/tokens.ts'
import { HookTable } from './plugins/hooks.ts'

/** The services of a master, made once and handed to its doors. */
export interface Cluster {
  readonly store: Store
  readonly log: Logger
  readonly tokens: TokenService
  readonly slaves: SlaveService
  readonly instances: InstanceService
  readonly templates: TemplateService
  readonly assignments: Assignments
  readonly consoles: ConsoleService
  readonly status: StatusFeed
  /** What happens here, for plugins. */
  readonly hooks: HookTable
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
  const slaves = new SlaveService(store, tokens)
  const instances = new InstanceService(store, slaves)
  return {
    store, log, tokens, slaves, instances, templates, url,
    assignments: new Assignments({ instances, templates, log }),
    consoles: new ConsoleService({ instances, slaves, log, maxBufferedBytes: maxFollowerBufferBytes }),
    status: new StatusFeed({ instances, slaves }),
    hooks: clusterHooks(slaves, instances, log),
    startedAt: new Date(),
  }
}

function clusterHooks(slaves: SlaveService, instances: InstanceService, log: Logger): HookTable {
  const hooks = new HookTable((hook, error) => log.error(`A plugin failed at ${hook}`, { error: String(error) }))
  instances.onChange((instanceId) => {
    const record = instances.get(instanceId)
    if (record) hooks.emit('instance_changed', { instance: instances.info(record) })
    else hooks.emit('instance_deleted', { instanceId })
  })
  slaves.watch(() => hooks.emit('slaves_changed', {}))
  return hooks
}
