import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { booleanField } from '../config/fields.ts'
import type { ConfigDefinition } from '../config/definition.ts'
import type { Fields } from '../config/field.ts'
import { ClusterError } from '../errors/cluster-error.ts'
import type { Definition } from '../link/define.ts'
import { packageRoot } from '../package-root.ts'
import type { Plugin } from './definition.ts'
import { loadFailure } from './load-failure.ts'

export interface KnownPlugin {
  readonly plugin: Plugin
  /** `built-in`, or the npm package that it comes from. */
  readonly source: string
  /** Where its code is. */
  readonly paths?: readonly string[]
}

const namePattern = /^[a-z][a-z0-9-]{0,31}$/
/** `ctl plugin list` and `ctl plugin install` are ctl's own. */
const reservedNames = new Set(['list', 'install'])

const isSource = import.meta.url.endsWith('.ts')
const builtInDirectory = join(packageRoot, isSource ? 'plugins' : 'dist/plugins')

/** The plugins that come with Corral, by name. */
export async function builtInPlugins(): Promise<KnownPlugin[]> {
  if (!existsSync(builtInDirectory)) return []
  const names = (await readdir(builtInDirectory)).map((name) => name.replace(/\.js$/, '')).sort()
  const found = await Promise.all(names.map((name) => builtInPlugin(name)))
  return found.filter((known) => known !== undefined)
}

/** The plugin of this name that comes with Corral, if there is one. */
export async function builtInPlugin(name: string): Promise<KnownPlugin | undefined> {
  const file = join(builtInDirectory, isSource ? `${name}/index.ts` : `${name}.js`)
  if (!namePattern.test(name) || !existsSync(file)) return undefined
  return { plugin: await load(file, name), source: 'built-in', paths: [isSource ? dirname(file) : file] }
}

/** Plugins from npm packages that were installed below a directory. Those that can't be loaded are reported, with the package's name, and left out. */
export async function installedPlugins(directory: string, packages: readonly string[], onProblem: (error: ClusterError, source: string) => void): Promise<KnownPlugin[]> {
  const found: KnownPlugin[] = []
  const { resolve } = createRequire(join(directory, 'package.json'))
  for (const name of packages) {
    try {
      found.push({ plugin: await load(resolve(name), name), source: name, paths: [join(directory, 'node_modules', name)] })
    } catch (error) {
      const reason = await loadFailure(error, directory, name)
      onProblem(new ClusterError('invalid_config', `The plugin package ${name} can't be loaded: ${reason}`, { cause: error }), name)
    }
  }
  return found
}

/** Names of the packages that were installed below a directory, with where they came from. */
export async function installedPackages(directory: string): Promise<Readonly<Record<string, string>>> {
  const manifest = join(directory, 'package.json')
  if (!existsSync(manifest)) return {}
  const { dependencies = {} } = JSON.parse(await readFile(manifest, 'utf8')) as { dependencies?: Record<string, string> }
  return dependencies
}

/** The master's fields with those of all plugins; `<plugin>.enabled` is false unless it is set. */
export function withPlugins<F extends Fields>(definition: ConfigDefinition<F>, plugins: readonly KnownPlugin[]): ConfigDefinition<Fields> {
  let extended = definition as unknown as ConfigDefinition<Fields>
  for (const { plugin: { name, description, config = {} } } of plugins) {
    const enabled = booleanField({ default: false, description: `Whether the plugin runs. ${description}` })
    extended = extended.extend(name, { enabled, ...config }) as unknown as ConfigDefinition<Fields>
  }
  return extended
}

/** The fields with those of one more plugin. Throws `conflict` when the name of one of `others`, or a field, is in use. */
export function withNewPlugin(definition: ConfigDefinition<Fields>, known: KnownPlugin, others: readonly KnownPlugin[]): ConfigDefinition<Fields> {
  expectFreeName(known, others)
  try {
    return withPlugins(definition, [known])
  } catch (error) {
    throw new ClusterError('conflict', `The plugin ${known.plugin.name} of the package ${known.source} can't be added: ${(error as Error).message}`, { cause: error })
  }
}

/** Throws `conflict` when one of these plugins has the name of a new one. */
export function expectFreeName({ plugin: { name }, source }: KnownPlugin, others: readonly KnownPlugin[]): void {
  const other = others.find(({ plugin }) => plugin.name === name)
  if (!other) return
  const origin = other.source === 'built-in' ? 'one that comes with Corral' : `that of the package ${other.source}`
  throw new ClusterError('conflict', `The plugin of the package ${source} is called ${name}, as is ${origin}`)
}

async function load(file: string, name: string): Promise<Plugin> {
  const module = await import(pathToFileURL(file).href) as { plugin?: Plugin }
  const { plugin } = module
  if (!plugin || !namePattern.test(plugin.name) || reservedNames.has(plugin.name)) {
    throw new ClusterError('invalid_config', `${name} exports no plugin: it must export \`plugin\`, made with definePlugin, with a name of lower case letters, digits and dashes that is neither "list" nor "install"`)
  }
  for (const definition of plugin.messages ?? []) {
    const problem = problemOf(definition, plugin.name)
    if (problem !== undefined) throw new ClusterError('invalid_config', `The plugin ${plugin.name} defines the message ${definition.type}; ${problem}`)
  }
  return plugin
}

/** What is wrong with a message of a plugin. */
function problemOf(definition: Definition, plugin: string): string | undefined {
  const { kind, type, routes } = definition
  if (!type.startsWith(`${plugin}:`)) return `its messages begin with "${plugin}:"`
  const routedBy = kind === 'request' ? definition.forward : definition.routeBy
  if (routes.includes('slave-instance') && routedBy !== 'instance_id') {
    return `what travels to an instance says to which: it has ${kind === 'request' ? 'forward' : 'routeBy'}: 'instance_id'`
  }
  const isForwarded = kind === 'request' && definition.forward !== undefined && routes.includes('control-master')
  if (isForwarded && !routes.includes('master-slave')) return 'what the master forwards travels on master-slave, too'
  return undefined
}
