import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { controlConfig } from '../../lib/config/control-config.ts'
import { saveConfigFields } from '../../lib/config/save.ts'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { openSqliteStore } from '../../lib/store/sqlite-store.ts'
import { masterConfig } from '../config.ts'
import { TokenService, tokenInfo } from '../services/tokens.ts'
import { databaseFile } from './open.ts'

interface BootstrapOptions {
  readonly config: string
  readonly httpPort?: number | undefined
  readonly bind?: string | undefined
  readonly publicUrl?: string | undefined
  readonly dataDirectory?: string | undefined
  readonly json: boolean
}

const inviteS = 86_400

/**
 * Makes a new cluster: config-master.json, the database with an administrator, config-control.json beside it, and a
 * join token for the first slave. Throws `conflict` where there is one already.
 */
export async function bootstrap({ config, httpPort, bind, publicUrl, dataDirectory, json }: BootstrapOptions): Promise<void> {
  const file = resolve(config)
  const controlFile = join(dirname(file), 'config-control.json')
  if (existsSync(file)) {
    throw new ClusterError('conflict', `${file} is there already; run that cluster with \`master run\`, or bootstrap in another directory`)
  }
  await mkdir(dirname(file), { recursive: true })
  const { fields } = masterConfig
  const port = httpPort ?? fields.http_port.default
  const address = bind ?? fields.bind.default
  const directory = dataDirectory === undefined ? fields.data_directory.default : resolve(dataDirectory)
  const localHost = ['0.0.0.0', '::'].includes(address) ? '127.0.0.1' : address
  const url = publicUrl ?? `http://${localHost.includes(':') ? `[${localHost}]` : localHost}:${port}`

  const store = await openSqliteStore({ file: databaseFile(file, directory) })
  const tokens = new TokenService(store)
  const admin = await tokens.create({ name: 'administrator', role: 'admin' })
  const join_ = await tokens.create({ name: 'join', role: 'join', expiresInS: inviteS, uses: 1 })
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

function instructions({ config, control_config: control, url, join_token: token }: { config: string; control_config: string; url: string; join_token: string }): string {
  const shown = (path: string): string => relative(process.cwd(), path) || path
  return `A new cluster is ready to run.

  ${shown(config)}   the master's config
  ${shown(control)}  lets ctl administer the cluster; keep it secret

Next:
  npx --no master run
  npx --no slave join ${url} ${token} --name NAME     (good for one slave and one day)
  npx --no slave run
  npx --no ctl slave list
`
}
