import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { saveConfigFields } from '../../lib/config/save.ts'
import { ClusterError } from '../../lib/errors/cluster-error.ts'
import { joinSlave } from '../../lib/link/messages/slaves.ts'
import { check } from '../../lib/link/validate.ts'
import { postJson } from '../../lib/net/post-json.ts'
import { slaveConfig } from '../config.ts'

interface JoinOptions {
  readonly config: string
  readonly url: string
  readonly token: string
  readonly name?: string | undefined
  readonly label: readonly string[]
  readonly dataDirectory?: string | undefined
  readonly tlsCa?: string | undefined
}

/** Makes this host a slave of a cluster and writes its config. Throws `conflict`, `unreachable`, and what the master refuses. */
export async function join({ config, url, token, name = hostname().split('.')[0] ?? '', label, dataDirectory, tlsCa }: JoinOptions): Promise<void> {
  if (existsSync(config)) {
    throw new ClusterError('conflict', `${config} is there already; run that slave with \`slave run\`, or name another file with --config`)
  }
  const ca = tlsCa === undefined ? undefined : await readFile(tlsCa, 'utf8')
  const request = { name, labels: labelsOf(label) }
  check(joinSlave.request, request, 'slave join')
  const answer = await postJson(new URL(`/api/v1/${joinSlave.type}`, httpUrl(url)), request, { token, ca })
  const slave = check(joinSlave.response, answer, 'The master\'s answer')
  await saveConfigFields(slaveConfig, config, {
    master_url: url,
    token: slave.token,
    id: slave.id,
    name: slave.name,
    data_directory: dataDirectory === undefined ? slaveConfig.fields.data_directory.default : resolve(dataDirectory),
    tls_ca: tlsCa === undefined ? undefined : resolve(tlsCa),
  })
  process.stdout.write(`This host is slave ${slave.name} (id ${slave.id}) now; its config is ${config}.\n\nNext:\n  npx --no slave run${config === 'config-slave.json' ? '' : ` --config ${config}`}\n`)
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
