import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { ConfigDefinition } from '../../lib/config/definition.ts'
import type { Fields } from '../../lib/config/field.ts'
import { loadConfig } from '../../lib/config/load.ts'
import type { Config } from '../../lib/config/load.ts'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { configPath, masterConfig } from '../config.ts'
import { builtInPlugins, installedPlugins, withPlugins } from '../../lib/plugin/catalogue.ts'
import type { KnownPlugin } from '../../lib/plugin/catalogue.ts'

export const databaseName = 'corral.db'

type MasterConfig = Config<typeof masterConfig.fields>

export interface MasterSetup {
  readonly definition: ConfigDefinition<Fields>
  readonly plugins: readonly KnownPlugin[]
  readonly problems: readonly ClusterError[]
}

/** The plugins that a config can have, and the config's fields with theirs. */
export async function loadSetup(file: string): Promise<MasterSetup> {
  const problems: ClusterError[] = []
  const plugins = await builtInPlugins()
  if (existsSync(file)) {
    const { values } = await loadConfig(masterConfig, { file, env: process.env })
    plugins.push(...await installedPlugins(pluginDirectory(file, values.data_directory), values.plugin_packages, (problem) => problems.push(problem)))
  }
  return { definition: withPlugins(masterConfig, plugins), plugins, problems }
}

/** Reads the master's config, which must be there. Throws `invalid_config`. */
export async function openConfig(file: string): Promise<MasterConfig & { setup: MasterSetup; all: Config<Fields> }> {
  if (!existsSync(file)) {
    throw new ClusterError('invalid_config', `There is no ${file}; make a cluster with \`master bootstrap\`, or name its config with --config FILE`)
  }
  const setup = await loadSetup(file)
  const all = await loadConfig(setup.definition, { file, env: process.env })
  return { ...(all as unknown as MasterConfig), setup, all }
}

/** The database's file of a config. */
export function databaseFile(configFile: string, dataDirectory: string): string {
  return join(configPath(configFile, dataDirectory), databaseName)
}

/** Where npm packages of plugins are installed. */
export function pluginDirectory(configFile: string, dataDirectory: string): string {
  return join(configPath(configFile, dataDirectory), 'packages')
}
