import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { booleanField } from '../../lib/config/fields.ts'
import type { ConfigDefinition } from '../../lib/config/definition.ts'
import type { Fields } from '../../lib/config/field.ts'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { packageRoot } from '../../lib/package-root.ts'
import type { Plugin } from '../../lib/plugin/definition.ts'

export interface KnownPlugin {
  readonly plugin: Plugin
  /** `built-in`, or the npm package that it comes from. */
  readonly source: string
}

const namePattern = /^[a-z][a-z0-9-]{0,31}$/

/** The plugins that come with Corral, by name. */
export async function builtInPlugins(): Promise<KnownPlugin[]> {
  const isSource = import.meta.url.endsWith('.ts')
  const directory = join(packageRoot, isSource ? 'plugins' : 'dist/plugins')
  if (!existsSync(directory)) return []
  const names = (await readdir(directory)).filter((name) => isSource ? existsSync(join(directory, name, 'index.ts')) : name.endsWith('.js')).sort()
  return Promise.all(names.map(async (name) => ({
    plugin: await load(join(directory, isSource ? `${name}/index.ts` : name), name),
    source: 'built-in',
  })))
}

/** Plugins from npm packages that were installed below a directory. Those that can't be loaded are reported and left out. */
export async function installedPlugins(directory: string, packages: readonly string[], onProblem: (error: ClusterError) => void): Promise<KnownPlugin[]> {
  const found: KnownPlugin[] = []
  const { resolve } = createRequire(join(directory, 'package.json'))
  for (const name of packages) {
    try {
      found.push({ plugin: await load(resolve(name), name), source: name })
    } catch (error) {
      onProblem(new ClusterError('invalid_config', `The plugin package ${name} can't be loaded: ${(error as Error).message}`, { cause: error }))
    }
  }
  return found
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

async function load(file: string, name: string): Promise<Plugin> {
  const module = await import(pathToFileURL(file).href) as { plugin?: Plugin }
  const { plugin } = module
  if (!plugin || !namePattern.test(plugin.name)) {
    throw new ClusterError('invalid_config', `${name} exports no plugin: it must export \`plugin\`, made with definePlugin, with a name of lower case letters, digits and dashes`)
  }
  const foreign = plugin.messages?.find(({ type }) => !type.startsWith(`${plugin.name}:`))
  if (foreign) throw new ClusterError('invalid_config', `The plugin ${plugin.name} defines the message ${foreign.type}; its messages begin with "${plugin.name}:"`)
  return plugin
}
