import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname, resolve } from 'node:path'
import { callHint, configHint } from '../../lib/cli/call-hint.ts'
import { configFileName } from '../../lib/config/definition.ts'
import { saveConfigFields } from '../../lib/config/save.ts'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import type { Dialect } from '../../lib/link/channel.ts'
import { joinSlave } from '../../lib/link/messages/slaves.ts'
import { check } from '../../lib/link/validate.ts'
import { expectWritable, makeDataDirectory } from '../../lib/make-directory.ts'
import { postJson } from '../../lib/net/post-json.ts'
import { readAuthority } from '../../lib/net/read-authority.ts'
import { dataDirectoryMode, slaveConfig } from '../config.ts'
import { joinToken, tokenVariable } from './join-token.ts'

interface JoinOptions {
  readonly config: string
  readonly url: string
  readonly token?: string | undefined
  readonly tokenStdin: boolean
  readonly name?: string | undefined
  readonly label: readonly string[]
  readonly dataDirectory?: string | undefined
  readonly tlsCa?: string | undefined
  readonly dialect?: Dialect | undefined
  readonly id?: number | undefined
}

/** What a cluster knows a slave by. */
interface Membership { readonly id: number; readonly name: string; readonly token: string }

/**
 * Makes this host a slave of a cluster and writes its config. Throws `conflict`, `invalid_request`, `invalid_config`, `disk_full`,
 * `unreachable`, and what the master refuses.
 */
export async function join(options: JoinOptions): Promise<void> {
  const { config, url, dataDirectory, tlsCa, dialect } = options
  if (existsSync(config)) {
    throw new ClusterError('conflict', `${config} is there already; run that slave with \`slave run\`, or name another file with --config. To join anew, as after \`ctl slave remove\`, stop the slave and delete ${config} first; its data directory can stay`)
  }
  const address = httpUrl(url)
  const token = await joinToken({ ...options, env: process.env, stdin: process.stdin, ask: (text) => { process.stderr.write(text) } })
  // The token is good only once: what would fail after it was used fails before.
  prepareDirectories(config, dataDirectory)
  const slave = dialect === 'base' ? given(options, token) : await invited(address, options, token)
  await saveConfigFields(slaveConfig, config, {
    master_url: url,
    token: slave.token,
    id: slave.id,
    name: slave.name,
    dialect,
    data_directory: dataDirectory === undefined ? slaveConfig.fields.data_directory.default : resolve(dataDirectory),
    tls_ca: tlsCa === undefined ? undefined : resolve(tlsCa),
  })
  process.stdout.write(`This host is slave ${slave.name} (id ${slave.id}) now; its config is ${config}.\n\nNext:\n  ${callHint('slave')} run${configHint(config, configFileName('slave'))}\n`)
  if (options.token !== undefined) {
    process.stderr.write(`A token in the command line can be seen by others on this host, and stays in the shell's history. Left out, it is asked for; or pipe it in with --token-stdin, or set ${tokenVariable}.\n`)
  }
}

/** Makes the data directory, and where the config goes, as files can be written there. */
function prepareDirectories(config: string, dataDirectory: string | undefined): void {
  const ofConfig = dirname(resolve(config))
  const ofData = dataDirectory === undefined ? resolve(ofConfig, slaveConfig.fields.data_directory.default) : resolve(dataDirectory)
  makeDataDirectory(ofConfig, 0o700)
  makeDataDirectory(ofData, dataDirectoryMode)
  for (const directory of [ofConfig, ofData]) expectWritable(directory)
}

/** Asks the master to be let in. */
async function invited(address: string, { id, name = hostName(), label, tlsCa }: JoinOptions, token: string): Promise<Membership> {
  if (id !== undefined) throw new ClusterError('invalid_request', '--id goes with --dialect base; a Corral master gives the id itself')
  const ca = await readAuthority(tlsCa)
  const request = { name, labels: labelsOf(label) }
  check(joinSlave.request, request, 'slave join')
  const answer = await postJson(new URL(`/api/v1/${joinSlave.type}`, address), request, { token, ca })
  return check(joinSlave.response, answer, 'The master\'s answer')
}

/** A master of other makers can't be asked; what it knows the slave by was agreed with its operator. */
function given({ id, name = hostName(), label }: JoinOptions, token: string): Membership {
  if (id === undefined) throw new ClusterError('invalid_request', '--dialect base needs --id, a whole number: the slave\'s id in that cluster')
  if (label.length > 0) throw new ClusterError('invalid_request', '--label is for Corral masters; the base dialect has no labels')
  return { id, name, token }
}

function hostName(): string {
  return hostname().split('.')[0] ?? ''
}

function httpUrl(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (!parsed || !/^(?:https?|wss?):$/.test(parsed.protocol)) {
    throw new ClusterError('invalid_request', `"${url}" is no address of a master; it looks like http://HOST:8080`)
  }
  return url.replace(/^ws/, 'http')
}

function labelsOf(labels: readonly string[]): Record<string, string> {
  return Object.fromEntries(labels.map((label) => {
    const [key = '', ...rest] = label.split('=')
    if (rest.length === 0) throw new ClusterError('invalid_request', `--label takes KEY=VALUE, not "${label}"`)
    return [key, rest.join('=')]
  }))
}
