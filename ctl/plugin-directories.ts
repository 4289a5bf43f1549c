import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { readConfigFile } from '../lib/config/config-file.ts'
import { configFileName } from '../lib/config/definition.ts'
import { configFile } from './settings.ts'
import type { SettingsQuery } from './settings.ts'

/** Where `ctl plugin install` puts packages: beside ctl's config. */
export function ownPackagesDirectory(query: SettingsQuery): string {
  return join(dirname(resolve(configFile(query).file)), 'control-plugins')
}

/** All directories with packages of plugins that ctl can see: its own, and that of a master whose config lies beside its own. */
export async function packagesDirectories(query: SettingsQuery): Promise<string[]> {
  const own = ownPackagesDirectory(query)
  const masterConfig = join(dirname(own), configFileName('master'))
  return [own, ...existsSync(masterConfig) ? [await packagesOfMaster(masterConfig)] : []].filter((directory) => existsSync(directory))
}

async function packagesOfMaster(file: string): Promise<string> {
  // A config that is not ours to read has nothing for us.
  const { entries } = await readConfigFile(file).catch(() => ({ entries: new Map<string, unknown>() }))
  const directory = entries.get('data_directory')
  return resolve(dirname(file), typeof directory === 'string' ? directory : 'data', 'packages')
}
