import { ClusterError } from '../../lib/plugin.ts'

/** The plugin's config fields, under their short names. */
export interface Config {
  readonly servers: readonly string[]
  readonly self: number
  readonly peer_secret: string | undefined
  readonly peers: readonly string[]
  readonly timestamp_tolerance_ms: number
  readonly invite_ttl_ms: number
  readonly invites_per_user: number
  readonly invites_total: number
  readonly player_id: string
  readonly connections: number
  readonly memory_per_connection: number
  readonly memory_per_address: number
  readonly memory_total: number
  readonly ping_interval_ms: number
  readonly pong_timeout_ms: number
}

/** The servers' addresses in their order, this one's among them; of one server alone it is its own address. */
export function serverList({ servers, self }: Pick<Config, 'servers' | 'self'>, ownUrl: string): readonly string[] {
  if (servers.length === 0) return [ownUrl.replace(/^http/, 'ws')]
  for (const server of servers) {
    if (!URL.canParse(server) || !/^wss?:$/.test(new URL(server).protocol) || server.includes('#')) {
      throw new ClusterError('invalid_config', `turntable.servers: "${server}" is not a WebSocket address such as ws://host:8080`)
    }
  }
  if (self >= servers.length) {
    throw new ClusterError('invalid_config', `turntable.self is ${self}, but turntable.servers has ${servers.length} entries; set it to this server's place in the list, counted from 0`)
  }
  return servers
}
