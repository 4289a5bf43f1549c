import { ClusterError } from '../errors/cluster-error.ts'
import type { Definition, Route } from '../link/define.ts'
import type { Peer } from './peer.ts'

/** Throws `invalid_request` for a message that is not the plugin's own. */
export function expectOwn(plugin: string, { type }: Definition): void {
  if (!type.startsWith(`${plugin}:`)) throw new ClusterError('invalid_request', `The plugin ${plugin} speaks in messages that begin with "${plugin}:", not in ${type}`)
}

/** Throws `unknown_type` for a message that does not travel there. */
export function expectRoute({ type, routes }: Definition, route: Route): void {
  if (!routes.includes(route)) throw new ClusterError('unknown_type', `${type} does not travel on ${route}`)
}

/** A peer to which a plugin can send messages of its own only. */
export function ownPeer(plugin: string, peer: Peer): Peer {
  return {
    send: async (definition, data, options) => {
      expectOwn(plugin, definition)
      return peer.send(definition, data, options)
    },
    emit: (definition, data) => {
      expectOwn(plugin, definition)
      peer.emit(definition, data)
    },
  }
}
