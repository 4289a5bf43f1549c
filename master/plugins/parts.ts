import type { Express } from 'express'
import type { Registry as MetricsRegistry } from 'prom-client'
import type { Config } from '../../lib/config/load.ts'
import type { Fields } from '../../lib/config/field.ts'
import type { Registry } from '../../lib/link/registry.ts'
import type { Admission } from '../../lib/net/admission.ts'
import type { Hub } from '../../lib/plugin/master-context.ts'
import type { Cluster } from '../cluster.ts'
import type { Dispatcher } from '../dispatcher.ts'
import type { Upgrades } from '../http/upgrades.ts'
import type { ConsoleLines } from './console-lines.ts'

/** What of a master plugins get to work with. */
export interface HostOptions {
  readonly cluster: Cluster
  readonly dispatcher: Dispatcher
  readonly registry: Registry
  readonly metrics: MetricsRegistry
  readonly hub: Hub
  readonly admission: Admission
  readonly upgrades: Upgrades
  readonly app: Express
  readonly dataDirectory: string
  readonly handshakeMs: number
  /** The master's config, with the plugins' fields. */
  readonly config: Config<Fields>
}

export type PluginHostParts = HostOptions & { readonly lines: ConsoleLines }
