import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { saveConfigFields, setConfigField } from '../../lib/config/save.ts'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { packageRoot } from '../../lib/package-root.ts'
import { masterConfig } from '../config.ts'
import { installedPlugins } from '../plugins/catalogue.ts'
import { openConfig, pluginDirectory } from './open.ts'

const installDeadlineMs = 300_000

/** Prints all plugins with whether they are enabled. */
export async function listPlugins({ config, json }: { config: string; json: boolean }): Promise<void> {
  const { setup, all } = await openConfig(config)
  for (const { message } of setup.problems) process.stderr.write(`${message}\n`)
  const rows = setup.plugins.map(({ plugin: { name, version, description }, source }) => ({
    name, version, source, enabled: all.values[`${name}.enabled`] === true, description,
  }))
  if (json) process.stdout.write(`${JSON.stringify(rows, undefined, 2)}\n`)
  else for (const { name, version, enabled, description } of rows) process.stdout.write(`${name.padEnd(14)} ${version.padEnd(8)} ${enabled ? 'enabled ' : 'disabled'}  ${description}\n`)
}

/** Writes `<name>.enabled`. Throws `not_found` for a plugin that there is not. */
export async function setPluginEnabled({ config, name }: { config: string; name: string }, isEnabled: boolean): Promise<void> {
  const { setup } = await openConfig(config)
  if (!setup.plugins.some(({ plugin }) => plugin.name === name)) {
    throw new ClusterError('not_found', `There is no plugin "${name}"; \`master plugin list\` shows those that there are`)
  }
  await setConfigField(setup.definition, config, `${name}.enabled`, String(isEnabled))
  process.stdout.write(`The plugin ${name} is ${isEnabled ? 'enabled' : 'disabled'} from the next \`master run\` on.\n`)
}

/** Installs a plugin's package with npm, without running its scripts, and checks that it is one. Throws `refused` reasons of npm as `invalid_request`. */
export async function installPlugin({ config, package: wanted }: { config: string; package: string }): Promise<void> {
  const { values } = await openConfig(config)
  const directory = pluginDirectory(config, values.data_directory)
  await mkdir(join(directory, 'node_modules'), { recursive: true, mode: 0o700 })
  const manifest = join(directory, 'package.json')
  if (!existsSync(manifest)) await writeFile(manifest, '{ "private": true }\n', { mode: 0o600 })
  const before = await dependenciesOf(manifest)
  const source = existsSync(wanted) ? resolve(wanted) : wanted
  try {
    await promisify(execFile)('npm', ['install', '--prefix', directory, '--install-links', '--ignore-scripts', '--no-audit', '--no-fund', '--omit=peer', source], { timeout: installDeadlineMs })
  } catch (error) {
    throw new ClusterError('invalid_request', `npm could not install ${wanted}: ${String((error as { stderr?: string }).stderr ?? error).trim()}`, { cause: error })
  }
  // What a plugin imports as `corral/plugin` is this very Corral.
  const self = join(directory, 'node_modules', 'corral')
  if (!existsSync(self)) await symlink(packageRoot, self, 'dir')

  const after = await dependenciesOf(manifest)
  const name = after.find((dependency) => !before.includes(dependency)) ?? after.find((dependency) => wanted.startsWith(dependency))
  if (name === undefined) throw new ClusterError('invalid_request', `${wanted} was installed, but npm does not say under which name; install it by its package name`)
  const [known] = await installedPlugins(directory, [name], (problem) => { throw problem })
  if (!values.plugin_packages.includes(name)) await saveConfigFields(masterConfig, config, { plugin_packages: [...values.plugin_packages, name] })
  process.stdout.write(`The plugin ${known?.plugin.name} is installed. Let it run with \`master plugin enable ${known?.plugin.name}\`.\n`)
}

async function dependenciesOf(manifest: string): Promise<string[]> {
  const { dependencies = {} } = JSON.parse(await readFile(manifest, 'utf8')) as { dependencies?: Record<string, string> }
  return Object.keys(dependencies)
}
