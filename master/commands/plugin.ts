import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
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

/** Installs a plugin's package with npm, without running its scripts, and checks that it is one. Throws `invalid_request` with npm's reason, `invalid_config` when it is no plugin. */
export async function installPlugin({ config, package: wanted }: { config: string; package: string }): Promise<void> {
  const { values } = await openConfig(config)
  const directory = pluginDirectory(config, values.data_directory)
  await mkdir(join(directory, 'node_modules'), { recursive: true, mode: 0o700 })
  const manifest = join(directory, 'package.json')
  if (!existsSync(manifest)) await writeFile(manifest, '{ "private": true }\n', { mode: 0o600 })
  const before = await dependenciesOf(manifest)
  const source = existsSync(wanted) ? resolve(wanted) : wanted
  await npm(directory, 'install', source)
  // What a plugin imports as `corral/plugin` is this very Corral.
  const self = join(directory, 'node_modules', 'corral')
  if (!existsSync(self)) await symlink(packageRoot, self, 'dir')

  const name = installedName(await dependenciesOf(manifest), before, source)
  if (name === undefined) throw new ClusterError('invalid_request', `${wanted} was installed, but npm does not say under which name; install it by its package name`)
  const problems: ClusterError[] = []
  const [known] = await installedPlugins(directory, [name], (problem) => problems.push(problem))
  if (!known) {
    await npm(directory, 'uninstall', name)
    throw problems[0] ?? new ClusterError('invalid_config', `${name} is no plugin`)
  }
  if (!values.plugin_packages.includes(name)) await saveConfigFields(masterConfig, config, { plugin_packages: [...values.plugin_packages, name] })
  process.stdout.write(`The plugin ${known.plugin.name} is installed. Let it run with \`master plugin enable ${known.plugin.name}\`.\n`)
}

type Dependencies = Readonly<Record<string, string>>

async function dependenciesOf(manifest: string): Promise<Dependencies> {
  const { dependencies = {} } = JSON.parse(await readFile(manifest, 'utf8')) as { dependencies?: Dependencies }
  return dependencies
}

/** The name under which npm has put what was asked for: what is new, or what came from the same place before. */
function installedName(after: Dependencies, before: Dependencies, source: string): string | undefined {
  const names = Object.keys(after)
  return names.find((name) => !Object.hasOwn(before, name))
    ?? names.find((name) => source === name || source.startsWith(`${name}@`) || after[name]?.endsWith(basename(source)))
}

async function npm(directory: string, verb: 'install' | 'uninstall', what: string): Promise<void> {
  // A plugin's Corral is this one: it is not fetched, whether or not the package names it as a peer.
  const flags = ['--prefix', directory, '--install-links', '--ignore-scripts', '--legacy-peer-deps', '--no-audit', '--no-fund']
  try {
    await promisify(execFile)('npm', [verb, ...flags, what], { timeout: installDeadlineMs })
  } catch (error) {
    throw new ClusterError('invalid_request', `npm could not ${verb} ${what}: ${String((error as { stderr?: string }).stderr ?? error).trim()}`, { cause: error })
  }
}
