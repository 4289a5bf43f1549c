import { ClusterError } from '../../../lib/plugin.ts'
import { isObject, member, readMessage, readWithin } from './messages.ts'

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
/** Longest header of a reply: it has the list. */
const maxHeaderLength = 8_388_608

/**
 * A handler's reply, in the shape of the document (`commandData`, `payload.data`) or in that of real handlers (`command`
 * an object, `data` outside). Throws `peer_refused` for one whose status is not 0, `malformed` or `too_large` for one that
 * can't be read.
 */
export function readReply(body: Buffer): Reply {
  const reply = readMessage(body)
  const header = readWithin(reply.get('header')?.text ?? 'null', maxHeaderLength)
  if (!isObject(header)) throw new ClusterError('malformed', 'The reply has no header')
  const status = member(header, 'status')
  if (status === undefined) throw new ClusterError('malformed', 'The reply has no status')
  if (status !== '0' && status !== 0) throw new ClusterError('peer_refused', `The reply's status is ${shown(status)}, not "0"`)
  const command = member(header, 'command')
  const [type, argument] = isObject(command)
    ? [member(command, 'type'), member(command, 'data')]
    : [command, member(header, 'commandData')]
  const data = reply.get('data')?.text ?? reply.get('payload')?.members.get('data')
  if (data === undefined) throw new ClusterError('malformed', 'The reply has no data')
  switch (type) {
    case 'sendClients': return { command: type, names: textsOf(type, argument), data }
    case 'sendServers': return { command: type, addresses: textsOf(type, argument), data }
    case 'sendHandler': {
      const [handler, ...more] = textsOf(type, argument)
      if (handler === undefined || more.length > 0) throw new ClusterError('malformed', 'The reply\'s sendHandler does not name one handler')
      return { command: type, handler, data }
    }
    default: throw new ClusterError('malformed', `The reply's command ${shown(type)} is unknown`)
  }
}

/** Some handlers write one text where a list is asked for, others a list where it is one text. */
function textsOf(command: string, given: unknown): readonly string[] {
  const list: unknown = typeof given === 'string' ? [given] : given
  if (!Array.isArray(list) || !list.every((entry) => typeof entry === 'string')) throw new ClusterError('malformed', `The reply's ${command} has no list of texts`)
  if (list.length > maxEntries) throw new ClusterError('malformed', `The reply's ${command} has more than ${maxEntries} entries`)
  return list
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? 'missing').slice(0, 64)
}
