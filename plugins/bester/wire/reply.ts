import { ClusterError, rawMember } from '../../../lib/plugin.ts'
import { isObject, member, readMessage } from './messages.ts'

export interface SendClients {
  readonly command: 'sendClients'
  readonly names: readonly string[]
  readonly data: string
}

export interface SendServers {
  readonly command: 'sendServers'
  readonly addresses: readonly string[]
  readonly data: string
}

/** What a handler wants done with its answer; `data` is a JSON text as it was sent. */
export type Reply = SendClients | SendServers | { readonly command: 'sendHandler'; readonly handler: string; readonly data: string }

/** Longest list that a handler may give. */
const maxEntries = 10_000

/**
 * A handler's reply, in the shape of the document (`commandData`, `payload.data`) or in that of real handlers (`command`
 * an object, `data` outside). Throws `malformed` for one that can't be read or whose status is not 0.
 */
export function readReply(body: Buffer): Reply {
  const { text, value } = readMessage(body)
  const header = member(value, 'header')
  if (!isObject(header)) throw new ClusterError('malformed', 'The reply has no header')
  const status = member(header, 'status')
  if (status !== '0' && status !== 0) throw new ClusterError('malformed', `The reply's status is ${shown(status)}, not "0"`)
  const command = member(header, 'command')
  const [type, argument] = isObject(command)
    ? [member(command, 'type'), member(command, 'data')]
    : [command, member(header, 'commandData')]
  const data = rawMember(text, 'data') ?? (isObject(member(value, 'payload')) ? rawMember(rawMember(text, 'payload') ?? '', 'data') : undefined)
  if (data === undefined) throw new ClusterError('malformed', 'The reply has no data')
  switch (type) {
    case 'sendClients': return { command: type, names: textsOf(type, argument), data }
    case 'sendServers': return { command: type, addresses: textsOf(type, argument), data }
    case 'sendHandler':
      if (typeof argument !== 'string') throw new ClusterError('malformed', 'The reply\'s sendHandler names no handler')
      return { command: type, handler: argument, data }
    default: throw new ClusterError('malformed', `The reply's command ${shown(type)} is unknown`)
  }
}

function textsOf(command: string, list: unknown): readonly string[] {
  if (!Array.isArray(list) || !list.every((entry) => typeof entry === 'string')) throw new ClusterError('malformed', `The reply's ${command} has no list of texts`)
  if (list.length > maxEntries) throw new ClusterError('malformed', `The reply's ${command} has more than ${maxEntries} entries`)
  return list
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? 'missing').slice(0, 64)
}
