import { join } from 'node:path'
import { loadConfig } from '../../lib/config/load.ts'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { existsSync } from 'node:fs'
import { configPath, masterConfig } from '../config.ts'

export const databaseName = 'corral.db'

/** Reads the master's config, which must be there. Throws `invalid_config`. */
export async function openConfig(file: string) {
  if (!existsSync(file)) {
    throw new ClusterError('invalid_config', `There is no ${file}; make a cluster with \`master bootstrap\`, or name its config with --config FILE`)
  }
  return loadConfig(masterConfig, { file, env: process.env })
}

/** The database's file of a config. */
export function databaseFile(configFile: string, dataDirectory: string): string {
  return join(configPath(configFile, dataDirectory), databaseName)
}
