import { linkSettings } from '../../lib/config/link-fields.ts'
import { untilSignal } from '../../lib/cli/until-signal.ts'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { createLogger } from '../../lib/log/create-logger.ts'
import { openSqliteStore } from '../../lib/store/sqlite-store.ts'
import { configPath, masterLimits } from '../config.ts'
import { startMaster } from '../master.ts'
import { databaseFile, openConfig } from './open.ts'

interface RunOptions {
  readonly config: string
  readonly httpPort?: number | undefined
  readonly bind?: string | undefined
  readonly tlsCert?: string | undefined
  readonly tlsKey?: string | undefined
}

/** Runs the master until it is told to stop. Throws `invalid_config`, `database_in_use`, `address_in_use`. */
export async function run(options: RunOptions): Promise<void> {
  const { values, warnings, setup, all } = await openConfig(options.config)
  const log = createLogger({ level: values.log_level, format: values.log_format, stream: process.stderr })
  for (const warning of [...warnings, ...setup.problems.map(({ message }) => message)]) log.warn(warning)

  const certificate = options.tlsCert ?? fromConfig(options.config, values.tls_cert)
  const key = options.tlsKey ?? fromConfig(options.config, values.tls_key)
  if ((certificate === undefined) !== (key === undefined)) {
    throw new ClusterError('invalid_config', 'TLS needs both a certificate and a key: give --tls-cert and --tls-key')
  }

  let storeFailed: (error: ClusterError) => void = () => {}
  const failure = new Promise<ClusterError>((resolve) => { storeFailed = resolve })
  const store = await openSqliteStore({ file: databaseFile(options.config, values.data_directory), onFailure: (error) => storeFailed(ClusterError.from(error)) })
  try {
    const master = await startMaster({
      store, log,
      bind: options.bind ?? values.bind,
      port: options.httpPort ?? values.http_port,
      tls: certificate !== undefined && key !== undefined ? { certificate, key } : undefined,
      publicUrl: values.public_url,
      templatesDirectory: fromConfig(options.config, values.templates_directory),
      link: linkSettings(values),
      plugins: setup.plugins,
      config: all,
      dataDirectory: configPath(options.config, values.data_directory),
      limits: masterLimits(values),
    })
    log.info(`The master is ready at ${master.url}`)
    const reason = await Promise.race([untilSignal(), failure])
    log.info(`Stopping: ${reason instanceof ClusterError ? reason.message : reason}`)
    await master.stop()
    if (reason instanceof ClusterError) throw reason
  } finally {
    await store.close()
  }
}

function fromConfig(configFile: string, path: string | undefined): string | undefined {
  return path === undefined ? undefined : configPath(configFile, path)
}
