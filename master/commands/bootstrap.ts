import { existsSync } from 'node:fs'
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { dirname, join, relative, resolve } from 'node:path'
import { callHint, configHint } from '../../lib/cli/call-hint.ts'
import { controlConfig } from '../../lib/config/control-config.ts'
import { configFileName } from '../../lib/config/definition.ts'
import { optionValue } from '../../lib/config/option-value.ts'
import { saveConfigFields } from '../../lib/config/save.ts'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { makeDataDirectory } from '../../lib/make-directory.ts'
import { withDeadline } from '../../lib/net/with-deadline.ts'
import { openSqliteStore } from '../../lib/store/sqlite-store.ts'
import { masterConfig } from '../config.ts'
import { TokenService, tokenInfo } from '../services/tokens.ts'
import { databaseFile } from './open.ts'

interface BootstrapOptions {
  readonly config: string
  readonly httpPort?: string | undefined
  readonly bind?: string | undefined
  readonly publicUrl?: string | undefined
  readonly dataDirectory?: string | undefined
  readonly json: boolean
}

const inviteS = 86_400

const lookupDeadlineMs = 10_000

/**
 * Makes a new cluster: config-master.json, the database with an administrator, config-control.json beside it, and a
 * join token for the first slave. Throws `conflict` where there is one already, `invalid_config` for an address that is none.
 */
export async function bootstrap({ config, httpPort, bind, publicUrl, dataDirectory, json }: BootstrapOptions): Promise<void> {
  const file = resolve(config)
  const controlFile = join(dirname(file), 'config-control.json')
  if (existsSync(file)) {
    throw new ClusterError('conflict', `${file} is there already; run that cluster with \`master run\`, change it with \`master config set\`, or bootstrap in another directory`)
  }
  const { fields } = masterConfig
  const port = optionValue(fields.http_port, 'http-port', httpPort) ?? fields.http_port.default
  const address = bind ?? fields.bind.default
  await expectAddress(address)
  makeDataDirectory(dirname(file), 0o755)
  const directory = dataDirectory === undefined ? fields.data_directory.default : resolve(dataDirectory)
  const localHost = ['0.0.0.0', '::'].includes(address) ? '127.0.0.1' : address
  const url = publicUrl ?? `http://${localHost.includes(':') ? `[${localHost}]` : localHost}:${port}`

  const store = await openSqliteStore({ file: databaseFile(file, directory) })
  const tokens = new TokenService(store)
  const admin = await tokens.create({ name: 'administrator', role: 'admin' })
  const join_ = await tokens.create({ name: 'join', role: 'join', expiresInS: inviteS, uses: 1 })
  tokens.close()
  await store.close()
  await saveConfigFields(controlConfig, controlFile, { url, token: admin.token })
  // Last, for it says that the cluster is there: what was cut short before can be begun again.
  await saveConfigFields(masterConfig, file, { http_port: port, bind: address, data_directory: directory, public_url: publicUrl })

  const result = {
    config: file,
    control_config: controlFile,
    url,
    token: admin.token,
    join_token: join_.token,
    join_expires_at: tokenInfo(join_.record).expires_at,
  }
  process.stdout.write(json ? `${JSON.stringify(result, undefined, 2)}\n` : instructions(result))
}

/** Throws `invalid_config`. An IP address that this host does not have may come to it later. */
async function expectAddress(address: string): Promise<void> {
  const refuse = (cause?: unknown): ClusterError => new ClusterError('invalid_config', `Cannot listen on "${address}" (--bind): it is no IP address, and no host name that resolves here`, { cause })
  if (isIP(address) !== 0) return
  await withDeadline(lookup(address), lookupDeadlineMs, refuse).catch((cause: unknown) => { throw refuse(cause) })
}

function instructions({ config, control_config: control, url, join_token: token }: { config: string; control_config: string; url: string; join_token: string }): string {
  const shown = (path: string): string => relative(process.cwd(), path) || path
  const ofMaster = configHint(shown(config), configFileName('master'))
  return `A new cluster is ready to run.

  ${shown(config)}   the master's config
  ${shown(control)}  lets ctl administer the cluster; keep it secret

Next:
  ${callHint('master')} run${ofMaster}
  ${callHint('slave')} join ${url} --name NAME     (it asks for the join token)
  ${callHint('slave')} run
  ${callHint('ctl')} slave list${configHint(shown(control), configFileName('control'))}

The join token, good for one slave and one day:
  ${token}

\`${callHint('master')} config set FIELD VALUE${ofMaster}\` changes the config; the master reads it when it starts.
`
}
