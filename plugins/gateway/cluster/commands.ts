import { ClusterError } from '../../../lib/plugin.ts'
import type { ClusterView, Principal } from '../../../lib/plugin.ts'
import { Interface } from './target.ts'
import type { Target } from './target.ts'

/** Does what was asked for with somebody's rights, and gives the answer's data. Throws as the link's request does. */
export type Action = (cluster: ClusterView, principal: Principal) => Promise<readonly unknown[]>

const controls = new Map([['start', 'start_instance'], ['stop', 'stop_instance'], ['restart', 'restart_instance']])

/** What a command does. Throws `malformed` for one that there is not, or other arguments. */
export function commandOf(target: Target, interfaceId: unknown, command: unknown, args: unknown): Action {
  const given = argumentsOf(args)
  if (interfaceId === Interface.console && command === 'send') return consoleLine(target, given)
  if (interfaceId === Interface.players && command === 'list' && given.length === 0) return listing(() => target.players())
  if (interfaceId === Interface.control && command === 'status' && given.length === 0) return listing(() => target.status())
  const type = interfaceId === Interface.control && typeof command === 'string' ? controls.get(command) : undefined
  if (type === undefined) throw new ClusterError('malformed', 'This interface has no such command')
  const { instance, rest } = target.aim(given)
  if (rest.length > 0) throw new ClusterError('malformed', 'There are too many arguments')
  return async (cluster, principal) => [await cluster.request(type, { instance_id: instance.id }, principal)]
}

/** Data for an interface; only consoles take any: a line. */
export function dataOf(target: Target, interfaceId: unknown, data: unknown): Action {
  if (interfaceId !== Interface.console) throw new ClusterError('malformed', 'This interface takes no data')
  return consoleLine(target, argumentsOf(data))
}

function consoleLine(target: Target, args: readonly unknown[]): Action {
  const { instance, rest: [line, ...more] } = target.aim(args)
  if (typeof line !== 'string' || more.length > 0) throw new ClusterError('malformed', 'The argument is one line of text')
  return async (cluster, principal) => {
    const { result } = await cluster.request('send_rcon', { instance_id: instance.id, command: line }, principal) as { result: string }
    return [result]
  }
}

function listing(list: () => readonly unknown[]): Action {
  return async (cluster, principal) => {
    cluster.require(principal, 'instance.read')
    return list()
  }
}

function argumentsOf(args: unknown): readonly unknown[] {
  if (args === undefined || args === null) return []
  return Array.isArray(args) ? args : [args]
}
