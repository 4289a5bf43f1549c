import { saveConfigFields, setConfigField } from '../../lib/config/save.ts'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { installPackage, uninstallPackage } from '../../lib/plugin/packages.ts'
import { masterConfig } from '../config.ts'
import { openConfig, pluginDirectory } from './open.ts'

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
  const { values } = await openConfig(config)
  const { plugin, source } = await installPackage(pluginDirectory(config, values.data_directory), wanted)
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
  const { setup: { definition, plugins }, values: { data_directory: data, plugin_packages: packages } } = await openConfig(config)
  const known = plugins.find(({ plugin }) => plugin.name === name)
  if (known?.source === 'built-in') {
    throw new ClusterError('invalid_request', `The plugin ${name} comes with Corral and can't be uninstalled; let it run no more with \`master plugin disable ${name}\``)
  }
  // A package that can't be loaded has no plugin's name.
  const source = known?.source ?? packages.find((one) => one === name)
  if (source === undefined) throw new ClusterError('not_found', `There is no plugin "${name}"; \`master plugin list\` shows those that there are`)
  await uninstallPackage(pluginDirectory(config, data), source)
  const ownFields = known ? definition.names.filter((field) => field.startsWith(`${name}.`)) : []
  await saveConfigFields(definition, config, { ...Object.fromEntries(ownFields.map((field) => [field, undefined])), plugin_packages: packages.filter((one) => one !== source) })
  process.stdout.write(`The plugin ${name} is uninstalled, and its fields are gone from ${config}; a master that runs has it until it is started again. What it kept in the database stays.\n`)
}
