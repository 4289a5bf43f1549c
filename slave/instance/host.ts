import type { Logger } from '../../lib/log/logger.ts'
import type { PortAllocator } from '../ports/allocator.ts'
import type { GameUser } from '../run-as.ts'
import type { OwnTemplates } from '../template/own-templates.ts'
import type { RestartSettings } from './restart-policy.ts'

/** What all instances of a slave share. */
export interface Host {
  readonly log: Logger
  readonly ports: PortAllocator
  /** For instances whose master sends no template. */
  readonly templates: OwnTemplates
  readonly restart: RestartSettings
  /** As whom games run; undefined: as whom the slave runs. */
  readonly runAs: GameUser | undefined
  /** Consoles of this many runs are kept of each instance. */
  readonly keptRuns: number
  /** Environment that programs are searched with and games inherit parts of. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** No instance is started while this holds. */
  isDraining(): boolean
}
