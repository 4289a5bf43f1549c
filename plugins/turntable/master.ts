import { Router } from 'express'
import { HeldBytes, Pressure } from '../../lib/plugin.ts'
import type { MasterContext } from '../../lib/plugin.ts'
import { Channels } from './channels.ts'
import { formBySubprotocol } from './codec.ts'
import { Commands } from './commands.ts'
import type { Connection } from './connection.ts'
import { Door } from './door.ts'
import { KeptInvites } from './invites.ts'
import { peerCheck } from './peer-check.ts'
import { PeerReports } from './peer-reports.ts'
import { Peers } from './peers.ts'
import { Players } from './players.ts'
import { serverList } from './settings.ts'
import type { Config } from './settings.ts'
import { StatusFeed } from './status-feed.ts'
import { ClusterStatuses, LocalStatuses } from './statuses.ts'
import { Users } from './users.ts'

/** How long connections have to say goodbye when the server stops. */
const goodbyeMs = 500

/** Opens the turntable door of a master. Throws `invalid_config`. */
export function openTurntable(context: MasterContext<Config>): void {
  const { config, hub, log } = context
  const { topics, presence } = hub
  const servers = serverList(config, context.url)
  const heartbeat = { intervalMs: config.ping_interval_ms, timeoutMs: config.pong_timeout_ms }
  const ignored = context.counter('ignored_total', 'Frames that were not understood')
  const received = context.counter('commands_total', 'Commands that were understood')

  let updateStatuses: (users: readonly string[]) => void = () => {}
  const peers = new Peers({
    servers, heartbeat, log,
    self: config.self,
    secret: config.peer_secret,
    inviteTtlMs: config.invite_ttl_ms,
    changed: (users) => updateStatuses(users),
  })
  const feed = new StatusFeed(topics, 'turntable:status:', (changed) => {
    const statuses = new ClusterStatuses(presence, (user) => peers.of(user), changed)
    updateStatuses = (users) => statuses.update(users)
    return statuses
  })
  const users = new Users(hub.directory, presence)
  const channels = new Channels(topics, presence)
  const invites = new KeptInvites({ perUser: config.invites_per_user, total: config.invites_total, ttlMs: config.invite_ttl_ms })
  const held = new HeldBytes<Connection>({
    perHolder: config.memory_per_connection, perAddress: config.memory_per_address, total: config.memory_total,
  })
  const pressure = new Pressure<Connection>(topics.maxBufferedBytes)
  const commands = new Commands({
    topics, users, channels, invites, held, pressure, peers, feed,
    peerFeed: new StatusFeed(topics, 'turntable:local-status:', (changed) => new LocalStatuses(presence, changed)),
    reports: new PeerReports(presence),
    toleranceMs: config.timestamp_tolerance_ms,
    now: Date.now,
  })
  const door = new Door({
    heartbeat, log, pressure,
    admission: context.admission,
    standingOf: peerCheck(config.peer_secret, config.peers),
    maxConnections: config.connections,
    owner: {
      received: (connection, command) => {
        if (commands.run(connection, command)) received()
        else ignored()
      },
      failed: (connection, error) => {
        log.error('A command failed; its connection is dropped', { error })
        connection.terminate()
      },
      ignored: () => ignored(),
      left: (connection) => commands.leave(connection),
    },
  })
  const players = new Players(config.player_id, presence, peers)

  context.webSocket({ subprotocols: [...formBySubprotocol.keys()], upgrade: (request, socket, head) => door.upgrade(request, socket, head) })
  context.route('/turntable', listServers(servers))
  for (const instance of context.cluster.instances()) players.sync(instance)
  context.on('instance_changed', ({ instance }) => players.sync(instance))
  context.on('player_joined', ({ instance, player }) => players.joined(instance, player))
  context.on('player_left', ({ instance, player }) => players.left(instance.id, player))
  context.on('instance_deleted', ({ instanceId }) => players.clear(instanceId))
  context.gauge('connections', 'Open connections', () => door.size)
  context.gauge('users', 'User ids that are bound to a connection', () => users.size)
  context.gauge('channels', 'Game channels with members', () => channels.size)
  context.gauge('held_bytes', 'What is reckoned for the ids, subscriptions and seats of all connections', () => held.sum)
  context.gauge('kept_invites', 'Invites for users who are offline', () => invites.size)
  context.gauge('peers_connected', 'Other servers that this one is connected with', () => peers.connected)
  context.onStop(async () => {
    players.clear()
    peers.close()
    pressure.close()
    await door.close(goodbyeMs)
  })
  log.info(`Players connect to ${servers[config.self] ?? servers[0]} with the subprotocol "turntable"; GET /turntable/servers lists all servers`)
}

/** Publishes the list of servers, so that clients can tell whose server is which; pages of other origins may read it too. */
function listServers(servers: readonly string[]): Router {
  const router = Router()
  router.get('/servers', (_request, response) => {
    response.set('Access-Control-Allow-Origin', '*').json(servers)
  })
  return router
}
