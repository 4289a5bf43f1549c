import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { ConfigDefinition } from '../../lib/config/definition.ts'
import type { Fields } from '../../lib/config/field.ts'
import { loadConfig } from '../../lib/config/load.ts'
import type { Config } from '../../lib/config/load.ts'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import type { LeftOutPackage } from '../../lib/link/messages/plugins.ts'
import { openSqliteStore } from '../../lib/store/sqlite-store.ts'
import type { Store } from '../../lib/store/store.ts'
import { configPath, masterConfig } from '../config.ts'
import { builtInPlugins, installedPlugins, withNewPlugin, withPlugins } from '../../lib/plugin/catalogue.ts'
import type { KnownPlugin } from '../../lib/plugin/catalogue.ts'
import { messageOf } from '../../lib/plugin/failure-limit.ts'

export const databaseName = 'corral.db'

type MasterConfig = Config<typeof masterConfig.fields>

export interface MasterSetup {
  readonly definition: ConfigDefinition<Fields>
  readonly plugins: readonly KnownPlugin[]
  readonly leftOut: readonly LeftOutPackage[]
}

type Warn = (problem: string) => void

/** The plugins that a config can have, and the config's fields with theirs. Packages that can't be used are left out, with a warning. */
export async function loadSetup(file: string, warn: Warn = printWarning): Promise<MasterSetup> {
  const plugins = await builtInPlugins()
  const leftOut: LeftOutPackage[] = []
  const leaveOut = (source: string, problem: string): void => {
    leftOut.push({ source, problem })
    warn(problem)
  }
  let definition = withPlugins(masterConfig, plugins)
  for (const known of await packagedPlugins(file, leaveOut)) {
    try {
      definition = withNewPlugin(definition, known, plugins)
      plugins.push(known)
    } catch (error) {
      leaveOut(known.source, `${messageOf(error)}; it is left out. Take it away with \`master plugin uninstall ${known.source}\``)
    }
  }
  return { definition, plugins, leftOut }
}

async function packagedPlugins(file: string, leaveOut: (source: string, problem: string) => void): Promise<KnownPlugin[]> {
  if (!existsSync(file)) return []
  const { values } = await loadConfig(masterConfig, { file, env: process.env })
  const packages = [...new Set(values.plugin_packages)]
  return installedPlugins(pluginDirectory(file, values.data_directory), packages, ({ message }, source) => leaveOut(source, message))
}

/** Reads the master's config, which must be there. Throws `invalid_config`. */
export async function openConfig(file: string, warn?: Warn): Promise<MasterConfig & { setup: MasterSetup; all: Config<Fields> }> {
  expectConfig(file)
  const setup = await loadSetup(file, warn)
  const all = await loadConfig(setup.definition, { file, env: process.env })
  return { ...(all as unknown as MasterConfig), setup, all }
}

/** Throws `invalid_config` when there is no config. */
export function expectConfig(file: string): void {
  if (existsSync(file)) return
  throw new ClusterError('invalid_config', `There is no ${file}; make a cluster with \`master bootstrap\`, or name its config with --config FILE`)
}

function printWarning(problem: string): void {
  process.stderr.write(`${problem}\n`)
}

/** The database's file of a config. */
export function databaseFile(configFile: string, dataDirectory: string): string {
  return join(configPath(configFile, dataDirectory), databaseName)
}

/** Opens the database of a config, which must be there, for this process alone. Throws `invalid_config`, `not_found`, `database_in_use`. */
export async function openDatabase(configFile: string): Promise<Store> {
  const { values } = await openConfig(configFile)
  const file = databaseFile(configFile, values.data_directory)
  if (!existsSync(file)) throw new ClusterError('not_found', `There is no database at ${file}`)
  return openSqliteStore({ file })
}

/** Where npm packages of plugins are installed. */
export function pluginDirectory(configFile: string, dataDirectory: string): string {
  return join(configPath(configFile, dataDirectory), 'packages')
}
