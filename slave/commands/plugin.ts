import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { loadConfig } from '../../lib/config/load.ts'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { builtInPlugins, installedPackages, installedPlugins } from '../../lib/plugin/catalogue.ts'
import { installPackage, packageOf, uninstallPackage } from '../../lib/plugin/packages.ts'
import { slaveConfig } from '../config.ts'
import { packagesDirectory } from '../plugins/packages-directory.ts'

/** Prints the plugins that were installed from packages; those that come with Corral need not be. */
export async function listPlugins({ config, json }: { config: string; json: boolean }): Promise<void> {
  const directory = await directoryOf(config)
  const plugins = await installedPlugins(directory, Object.keys(await installedPackages(directory)), ({ message }) => process.stderr.write(`${message}\n`))
  const rows = plugins.map(({ plugin: { name, version, description }, source }) => ({ name, version, source, description }))
  if (json) process.stdout.write(`${JSON.stringify(rows, undefined, 2)}\n`)
  else for (const { name, version, description } of rows) process.stdout.write(`${name.padEnd(14)} ${version.padEnd(8)} ${description}\n`)
}

/** Installs a plugin's package. Throws as `installPackage` does. */
export async function installPlugin({ config, package: wanted }: { config: string; package: string }): Promise<void> {
  const { plugin } = await installPackage(await directoryOf(config), wanted)
  process.stdout.write(`The plugin ${plugin.name} ${plugin.version} is installed; start the slave again to run it. Its games go on meanwhile.\n`)
}

/** Takes an installed plugin away. Throws `not_found`, `invalid_request` for one that comes with Corral. */
export async function uninstallPlugin({ config, name }: { config: string; name: string }): Promise<void> {
  const directory = await directoryOf(config)
  const unusable: string[] = []
  const installed = await installedPlugins(directory, Object.keys(await installedPackages(directory)), (_problem, source) => unusable.push(source))
  await uninstallPackage(directory, packageOf(name, { program: 'slave', plugins: [...installed, ...await builtInPlugins()], unusable }))
  process.stdout.write(`The plugin ${name} is uninstalled; a slave that runs has it until it is started again.\n`)
}

async function directoryOf(config: string): Promise<string> {
  if (!existsSync(config)) {
    throw new ClusterError('invalid_config', `There is no ${config}; join a cluster with \`slave join URL\`, or name the config with --config FILE`)
  }
  const { values } = await loadConfig(slaveConfig, { file: config, env: process.env })
  return packagesDirectory(resolve(dirname(config), values.data_directory))
}
