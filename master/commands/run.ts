import { existsSync } from 'node:fs'
import { linkSettings } from '../../lib/config/link-fields.ts'
import { optionValue } from '../../lib/config/option-value.ts'
import { leaveSoon } from '../../lib/cli/leave-soon.ts'
import { untilSignal } from '../../lib/cli/until-signal.ts'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { createLogger } from '../../lib/log/create-logger.ts'
import { openSqliteStore } from '../../lib/store/sqlite-store.ts'
import { configPath, masterConfig, masterLimits } from '../config.ts'
import { certificateWarning } from '../http/certificate-warning.ts'
import { startMaster } from '../master.ts'
import { databaseFile, openConfig } from './open.ts'

interface RunOptions {
  readonly config: string
  readonly httpPort?: string | undefined
  readonly bind?: string | undefined
  readonly tlsCert?: string | undefined
  readonly tlsKey?: string | undefined
}

/** Runs the master until it is told to stop. Throws `invalid_config`, `not_found`, `database_in_use`, `address_in_use`. */
export async function run(options: RunOptions): Promise<void> {
  const port = optionValue(masterConfig.fields.http_port, 'http-port', options.httpPort)
  const { values, warnings, setup, all } = await openConfig(options.config, () => {})
  const log = createLogger({ level: values.log_level, format: values.log_format, stream: process.stderr })
  for (const warning of [...warnings, ...setup.leftOut.map(({ problem }) => problem)]) log.warn(warning)

  const certificate = options.tlsCert ?? fromConfig(options.config, values.tls_cert)
  const key = options.tlsKey ?? fromConfig(options.config, values.tls_key)
  if ((certificate === undefined) !== (key === undefined)) {
    const missing = certificate === undefined ? ['a certificate', 'tls_cert', '--tls-cert'] : ['a key', 'tls_key', '--tls-key']
    throw new ClusterError('invalid_config', `TLS needs both a certificate and a key, and ${missing[0]} is missing: set ${missing[1]} with \`master config set ${missing[1]} FILE\`, or give ${missing[2]} FILE`)
  }

  const database = databaseFile(options.config, values.data_directory)
  expectDatabase(options.config, database)

  let storeFailed: (error: ClusterError) => void = () => {}
  const failure = new Promise<ClusterError>((resolve) => { storeFailed = resolve })
  const store = await openSqliteStore({ file: database, onFailure: (error) => storeFailed(ClusterError.from(error)) })
  try {
    const master = await startMaster({
      store, log,
      bind: options.bind ?? values.bind,
      port: port ?? values.http_port,
      tls: certificate !== undefined && key !== undefined ? { certificate, key } : undefined,
      publicUrl: values.public_url,
      templatesDirectory: fromConfig(options.config, values.templates_directory),
      link: linkSettings(values),
      plugins: setup.plugins,
      leftOutPackages: setup.leftOut,
      config: all,
      dataDirectory: configPath(options.config, values.data_directory),
      limits: masterLimits(values),
    })
    const warning = certificate === undefined ? undefined : await certificateWarning(certificate)
    if (warning !== undefined) log.warn(warning)
    log.info(`The master is ready at ${master.url}`)
    const reason = await Promise.race([untilSignal(), failure])
    log.info(`Stopping: ${reason instanceof ClusterError ? reason.message : reason}`)
    await master.stop()
    if (reason instanceof ClusterError) throw reason
  } finally {
    await store.close()
    leaveSoon()
  }
}

/** Bootstrap makes the database before the config: one that is gone was lost, and an empty one in its place would hide that. */
function expectDatabase(config: string, database: string): void {
  if (existsSync(database)) return
  throw new ClusterError('not_found', `The database ${database} is gone, though ${config} is there. Put it back, correct data_directory, or read a backup in with \`master db import FILE\`; `
    + `to begin with an empty cluster instead, move ${config} away and run \`master bootstrap\``)
}

function fromConfig(configFile: string, path: string | undefined): string | undefined {
  return path === undefined ? undefined : configPath(configFile, path)
}
