import type { Logger } from '../lib/log/logger.ts'
import type { Store } from '../lib/store/store.ts'
import { Assignments } from './services/assignments.ts'
import { ConsoleService } from './services/consoles.ts'
import { InstanceService } from './services/instances.ts'
import { SlaveService } from './services/slaves.ts'
import { StatusFeed } from './services/status-feed.ts'
import type { TemplateService } from './services/templates.ts'
import { TokenService } from './services/tokens.ts'

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
    startedAt: new Date(),
  }
}
