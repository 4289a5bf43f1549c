import { definePlugin, durationField, integerField, listField, secretField, stringField } from '../../lib/plugin.ts'

export const plugin = definePlugin({
  name: 'turntable',
  version: '1.0.0',
  description: 'Presence with friends and game rooms for players, over several servers.',
  config: {
    servers: listField({ default: [], description: 'WebSocket addresses of all servers, in the same order everywhere; empty where this one is alone.' }),
    self: integerField({ default: 0, minimum: 0, description: 'Place of this server in `servers`, counted from 0.' }),
    peer_secret: secretField({ description: 'What servers show one another; the same on all of them.' }),
    peers: listField({ default: [], description: 'IP addresses or networks of servers that know no secret.' }),
    timestamp_tolerance_ms: integerField({ default: 5_000, minimum: 0, description: 'A game action whose time is off by more gets the server\'s.' }),
    invite_ttl_ms: integerField({ default: 3_600_000, minimum: 1, description: 'How long an invite is kept for a user who is offline.' }),
    invites_per_user: integerField({ default: 100, minimum: 1, description: 'Invites that are kept for one user; the oldest go.' }),
    invites_total: integerField({ default: 10_000, minimum: 1, description: 'Invites that are kept for all users together; the oldest go.' }),
    player_id: stringField({ default: '{player}', description: 'User id of a player in a game of the cluster; `{player}` and `{instance}` are filled in. Empty: players are nobody\'s business.' }),
    connections: integerField({ default: 50_000, minimum: 1, description: 'Connections at once.' }),
    memory_per_connection: integerField({ default: 100_663_296, minimum: 1_024, description: 'Bytes that are kept for the ids, subscriptions and seats of one connection.' }),
    memory_per_address: integerField({ default: 134_217_728, minimum: 1_024, description: 'The same for all connections of one address together.' }),
    memory_total: integerField({ default: 268_435_456, minimum: 1_024, description: 'The same for all connections; beyond it the one that has most is closed.' }),
    ping_interval_ms: durationField({ default: 20_000, minimum: 10, description: 'How often a connection is pinged.' }),
    pong_timeout_ms: durationField({ default: 10_000, minimum: 10, description: 'A connection that does not answer a ping within this time is dropped.' }),
  },
  // Loaded when it is enabled: a master that does not use it does not pay for it.
  master: async (context) => (await import('./master.ts')).openTurntable(context),
})
