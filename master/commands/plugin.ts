import { loadConfig } from '../../lib/config/load.ts'
import { saveConfigFields, setConfigField } from '../../lib/config/save.ts'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { withNewPlugin, withPlugins } from '../../lib/plugin/catalogue.ts'
import { installPackage, packageOf, uninstallPackage } from '../../lib/plugin/packages.ts'
import { masterConfig } from '../config.ts'
import { expectConfig, loadSetup, openConfig, pluginDirectory } from './open.ts'

/** Writes `<name>.enabled`. Throws `not_found` for a plugin that there is not. */
export async function setPluginEnabled({ config, name }: { config: string; name: string }, isEnabled: boolean): Promise<void> {
  const { setup } = await openConfig(config)
  if (!setup.plugins.some(({ plugin }) => plugin.name === name)) {
    throw new ClusterError('not_found', `There is no plugin "${name}"; \`master plugin list\` shows those that there are`)
  }
  await setConfigField(setup.definition, config, `${name}.enabled`, String(isEnabled))
  process.stdout.write(`The plugin ${name} is ${isEnabled ? 'enabled' : 'disabled'} from the next \`master run\` on.\n`)
}

/** Installs a plugin's package and names it in the config. Throws as `installPackage` does. */
export async function installPlugin({ config, package: wanted }: { config: string; package: string }): Promise<void> {
  expectConfig(config)
  // Without its plugins: an earlier version of the package would stay loaded.
  const { values } = await loadConfig(masterConfig, { file: config, env: process.env })
  const { plugin, source } = await installPackage(pluginDirectory(config, values.data_directory), wanted, async (known) => {
    const { plugins } = await loadSetup(config, () => {})
    const others = plugins.filter((other) => other.source !== known.source)
    withNewPlugin(withPlugins(masterConfig, others), known, others)
  })
  if (!values.plugin_packages.includes(source)) await saveConfigFields(masterConfig, config, { plugin_packages: [...values.plugin_packages, source] })
  const elsewhere = [
    ...(plugin.slave || plugin.instance ? ['on every slave\'s host with `slave plugin install`'] : []),
    ...(plugin.ctl ? ['where ctl runs on other machines than this with `ctl plugin install`'] : []),
  ]
  process.stdout.write(`The plugin ${plugin.name} is installed. Let it run with \`master plugin enable ${plugin.name}\`.\n`)
  if (elsewhere.length > 0) process.stdout.write(`It has parts for other programs, too: install it ${elsewhere.join(', and ')}.\n`)
}

/** Takes an installed plugin away, with its fields in the config. Throws `not_found`, `invalid_request` for one that comes with Corral. */
export async function uninstallPlugin({ config, name }: { config: string; name: string }): Promise<void> {
  const { setup: { definition, plugins, leftOut }, values: { data_directory: data, plugin_packages: packages } } = await openConfig(config)
  const unusable = leftOut.map(({ source }) => source)
  const source = packageOf(name, { program: 'master', plugins, unusable })
  await uninstallPackage(pluginDirectory(config, data), source)
  // Of a package that can't be used nothing is known, and its plugin's name may be another's.
  const isUnusable = unusable.includes(source)
  const ownFields = isUnusable ? [] : definition.names.filter((field) => field.startsWith(`${name}.`))
  await saveConfigFields(definition, config, { ...Object.fromEntries(ownFields.map((field) => [field, undefined])), plugin_packages: packages.filter((one) => one !== source) })
  process.stdout.write(isUnusable
    ? `The package ${source} is uninstalled.\n`
    : `The plugin ${name} is uninstalled, and its fields are gone from ${config}; a master that runs has it until it is started again. What it kept in the database stays.\n`)
}
