import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { controlConfig } from '../lib/config/control-config.ts'
import { configFileName } from '../lib/config/definition.ts'
import { dialectField } from '../lib/config/dialect-field.ts'
import { loadConfig } from '../lib/config/load.ts'
import { ClusterError } from '../lib/errors/cluster-error.ts'
import type { Dialect } from '../lib/link/channel.ts'
import { readAuthority } from '../lib/net/read-authority.ts'

type Env = Readonly<Record<string, string | undefined>>

export interface SettingsQuery {
  /** Value of `--config`. */
  readonly config: string | undefined
  readonly env: Env
  /** Folder that relative paths start from; the working directory by default. */
  readonly directory?: string
}

/** What ctl needs to reach its master. */
export interface Settings {
  readonly url: string
  readonly token: string
  /** PEM text of the certificate authority, and the file that it is in. */
  readonly ca: string | undefined
  readonly caFile: string | undefined
  readonly dialect: Dialect
  readonly warnings: readonly string[]
}

/** Where the settings come from, first match first; in the generated reference too. */
export const configSources = [
  '`--config FILE`, alone: the environment is not looked at',
  'the file that `CORRAL_CONFIG` names',
  '`CORRAL_URL` and `CORRAL_TOKEN`, both together (and `CORRAL_TLS_CA`, a PEM file, and `CORRAL_DIALECT`)',
  '`config-control.json` in the working directory',
  '`corral/control.json` in `$XDG_CONFIG_HOME` or `~/.config`',
] as const

/** The config file that is named by the command line or the environment, else the first of the usual ones that exists. */
export function configFile({ config, env, directory = process.cwd() }: SettingsQuery): { file: string; exists: boolean } {
  const named = config ?? (env.CORRAL_CONFIG || undefined)
  if (named !== undefined) return { file: named, exists: existsSync(named) }
  const local = join(directory, configFileName('control'))
  if (existsSync(local)) return { file: local, exists: true }
  const home = join(env.XDG_CONFIG_HOME || join(env.HOME || homedir(), '.config'), 'corral', 'control.json')
  return { file: home, exists: existsSync(home) }
}

/** The variables that beat the fields of a config file; `--config` stands alone. */
export function configEnv({ config, env }: SettingsQuery): Env {
  return config === undefined ? env : {}
}

/** The master's address and the token. Throws `invalid_config` that says what is missing and how to set it. */
export async function loadSettings(query: SettingsQuery): Promise<Settings> {
  return fromVariables(query) ?? fromFile(query)
}

async function fromFile(query: SettingsQuery): Promise<Settings> {
  const { file, exists } = configFile(query)
  const named = query.config ?? query.env.CORRAL_CONFIG
  if (!exists && named) throw new ClusterError('invalid_config', `The config file ${file} does not exist; correct the path, or make it with \`ctl config set url URL --config ${file}\``)
  const { values, warnings } = await loadConfig(controlConfig, { file, env: configEnv(query) })
  const { url, token, tls_ca: caFile, dialect } = values
  if (url === undefined && token === undefined && !exists) {
    throw new ClusterError('invalid_config', `No config of a master was found: there is no ${configFileName('control')} here and no ${file}. Run \`ctl\` where \`master bootstrap\` wrote one, name it with --config, or set CORRAL_URL and CORRAL_TOKEN`)
  }
  for (const [name, value] of Object.entries({ url, token })) {
    if (value === undefined) throw new ClusterError('invalid_config', `The config file ${file} has no "${name}"; set it with \`ctl config set ${name} VALUE --config ${file}\``)
  }
  return { url: url ?? '', token: token ?? '', ca: await readAuthority(caFile), caFile, dialect, warnings }
}

function fromVariables({ config, env }: SettingsQuery): Promise<Settings> | undefined {
  const { CORRAL_URL: url, CORRAL_TOKEN: token, CORRAL_TLS_CA: caFile, CORRAL_DIALECT: named } = env
  if (config !== undefined || env.CORRAL_CONFIG || (!url && !token)) return undefined
  if (!url || !token) {
    const [set, unset] = url ? ['CORRAL_URL', 'CORRAL_TOKEN'] : ['CORRAL_TOKEN', 'CORRAL_URL']
    throw new ClusterError('invalid_config', `${set} is set but ${unset} is not; set both, or unset ${set} to use a config file`)
  }
  const dialect = named || dialectField.default
  if (!isDialect(dialect)) throw new ClusterError('invalid_config', `CORRAL_DIALECT must be ${dialectField.problem(dialect)}, not "${dialect}"`)
  const namedCaFile = caFile || undefined
  return readAuthority(namedCaFile).then((ca) => ({ url, token, ca, caFile: namedCaFile, dialect, warnings: [] }))
}

function isDialect(word: string): word is Dialect {
  return dialectField.problem(word) === undefined
}
