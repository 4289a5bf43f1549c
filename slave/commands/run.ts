import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { linkSettings } from '../../lib/config/link-fields.ts'
import { expectConsistent, loadConfig } from '../../lib/config/load.ts'
import { leaveSoon } from '../../lib/cli/leave-soon.ts'
import { untilSignal } from '../../lib/cli/until-signal.ts'
import type { Dialect } from '../../lib/link/channel.ts'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { readAuthority } from '../../lib/net/read-authority.ts'
import { makeDataDirectory } from '../../lib/make-directory.ts'
import { createLogger } from '../../lib/log/create-logger.ts'
import type { Logger } from '../../lib/log/logger.ts'
import { dataDirectoryMode, slaveConfig } from '../config.ts'
import type { Host } from '../instance/host.ts'
import { PortAllocator } from '../ports/allocator.ts'
import { barrierTo, findUser } from '../run-as.ts'
import { startSlave } from '../slave.ts'
import { OwnTemplates } from '../template/own-templates.ts'

interface RunOptions {
  readonly config: string
  readonly dataDirectory?: string | undefined
  readonly dialect?: Dialect | undefined
  readonly runAs?: string | undefined
  readonly stopGamesOnExit: boolean
}

/** Runs the slave until it is told to stop; games go on. Throws `invalid_config`, `data_directory_in_use`. */
export async function run({ config, dataDirectory, dialect, runAs, stopGamesOnExit }: RunOptions): Promise<void> {
  if (!existsSync(config)) {
    throw new ClusterError('invalid_config', `There is no ${config}; join a cluster with \`slave join URL\`, or name the config with --config FILE`)
  }
  const loaded = await loadConfig(slaveConfig, { file: config, env: process.env })
  expectConsistent(slaveConfig, loaded)
  const { values, warnings } = loaded
  const { master_url: url, token, id, name } = values
  if (url === undefined || token === undefined || id === undefined || name === undefined) {
    throw new ClusterError('invalid_config', `${config} lacks master_url, token, id or name; write it anew with \`slave join URL\`, or set them with \`slave config set FIELD VALUE\``)
  }
  const log = createLogger({ level: values.log_level, format: values.log_format, stream: process.stderr })
  for (const warning of warnings) log.warn(warning)
  const inConfigDirectory = (path: string): string => resolve(dirname(config), path)
  const directory = inConfigDirectory(dataDirectory ?? values.data_directory)
  makeDataDirectory(directory, dataDirectoryMode)
  const user = await gameUser(runAs ?? values.run_as, log)
  // Games that run go on, and need their slave: it tells, and refuses each start until that is put right.
  const barrier = user && await barrierTo(directory, user)
  if (barrier !== undefined) log.error(`No game can be started: ${barrier}`)

  const slave = await startSlave({
    dataDirectory: directory,
    master: { url, token, dialect: dialect ?? values.dialect, ca: await readAuthority(values.tls_ca && inConfigDirectory(values.tls_ca)) },
    id, name, log,
    link: linkSettings(values),
    reconnect: { baseMs: values['reconnect.base_ms'], capMs: values['reconnect.cap_ms'] },
    host: {
      log,
      templates: new OwnTemplates(values.templates_directory === undefined ? undefined : inConfigDirectory(values.templates_directory), log),
      ports: new PortAllocator({ first: values.port_first, last: values.port_last }),
      restart: { baseMs: values['restart.base_ms'], capMs: values['restart.cap_ms'], maxAttempts: values['restart.attempts'], windowMs: values['restart.window_ms'] },
      runAs: user,
      keptRuns: values.kept_runs,
      env: process.env,
    },
  })
  log.info(`The slave ${name} is ready; its instances are in ${directory}`)
  const signal = await untilSignal()
  log.info(`Stopping (${signal}); ${stopGamesOnExit ? 'the games stop too' : 'the games go on'}`)
  await slave.stop({ stopsGames: stopGamesOnExit })
  leaveSoon()
}

async function gameUser(name: string | undefined, log: Logger): Promise<Host['runAs']> {
  const isRoot = process.getuid?.() === 0
  if (name === undefined) {
    if (isRoot) log.warn('GAMES WILL RUN AS ROOT: a hole in a game is a hole in this host. Create a system user and set run_as (or --run-as)')
    return undefined
  }
  const user = await findUser(name)
  if (isRoot) return user
  if (user.uid === process.getuid?.()) return undefined
  throw new ClusterError('invalid_config', `Games can run as ${name} only when the slave is root; run it as root, or as ${name} itself`)
}
