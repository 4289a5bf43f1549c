import { Type } from '@sinclair/typebox'
import type { Static } from '@sinclair/typebox'
import { defineEvent, defineRequest } from '../define.ts'
import { asItIs } from './projections.ts'
import { Empty, GivenName, Name, nullable, oneLine, SlaveId, strict, Timestamp } from './shapes.ts'

export const Labels = Type.Record(Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$' }), Type.String({ maxLength: 255 }))

export const SlaveInfo = Type.Object({
  id: SlaveId,
  name: GivenName,
  agent: nullable(Type.String({ description: 'Software that the slave runs' })),
  version: nullable(Type.String({ description: 'Version of the link\'s protocol that it speaks' })),
  connected: Type.Boolean(),
  last_seen: nullable(Timestamp),
  address: nullable(Type.String({ description: 'Where its connection comes from' })),
  instances: Type.Integer({ description: 'Number of instances assigned to it' }),
  labels: Labels,
  draining: Type.Boolean({ description: 'Takes no new instances and starts none' }),
})
export type SlaveInfo = Static<typeof SlaveInfo>

export const listSlaves = defineRequest({
  type: 'list_slaves',
  summary: 'All slaves, connected or not.',
  routes: ['control-master'],
  permission: 'slave.read',
  request: Empty,
  response: Type.Object({ list: Type.Array(SlaveInfo) }),
  base: {
    request: asItIs(Empty),
    response: {
      schema: strict({
        list: Type.Array(strict({ agent: Type.String(), version: Type.String(), name: Type.String(), id: Type.Integer(), connected: Type.Boolean() })),
      }),
      encode: ({ list }) => ({
        list: list.map(({ agent, version, name, id, connected }) => ({ agent: agent ?? '', version: version ?? '', name, id, connected })),
      }),
      decode: ({ list }: { list: Array<Pick<SlaveInfo, 'agent' | 'version' | 'name' | 'id' | 'connected'>> }) => ({
        list: list.map((slave) => ({ ...slave, last_seen: null, address: null, instances: 0, labels: {}, draining: false })),
      }),
    },
  },
})

export const removeSlave = defineRequest({
  type: 'remove_slave',
  summary: 'Forgets a slave and revokes its token. Refused while instances are assigned to it, unless forced: then they are deleted from the cluster.',
  routes: ['control-master'],
  permission: 'slave.manage',
  isMutating: true,
  request: strict({ slave_id: SlaveId, force: Type.Optional(Type.Boolean()) }),
  response: Type.Object({}),
})

export const drainSlave = defineRequest({
  type: 'drain_slave',
  summary: 'Makes a slave take and start nothing any more, before work on its host; with `stop` its games are stopped after the grace. What was wanted of each is done again when draining ends. Answered when it is on record.',
  routes: ['control-master', 'master-slave'],
  permission: 'slave.manage',
  isMutating: true,
  forward: 'slave_id',
  request: strict({
    slave_id: SlaveId,
    enabled: Type.Boolean({ description: 'false ends draining' }),
    stop: Type.Optional(Type.Boolean({ description: 'Stop what runs, too' })),
    message: Type.Optional(Type.String({ minLength: 1, maxLength: 500, ...oneLine, description: 'Said to the players of all games at once' })),
    grace_ms: Type.Optional(Type.Integer({ minimum: 0, maximum: 86_400_000, description: 'Time until the games are stopped; default 30 s' })),
  }),
  response: Type.Object({
    draining: Type.Boolean(),
    running: Type.Integer({ description: 'Games that run at this moment' }),
    stops_at: nullable(Timestamp),
  }),
})

export const acceptDataDirectory = defineRequest({
  type: 'accept_data_directory',
  summary: 'Lets a slave go on from another data directory than before, such as on a new disk. Only when what ran from the old one is surely gone: the new one gets the same instances, stopped and without their data.',
  routes: ['control-master'],
  permission: 'slave.manage',
  isMutating: true,
  request: strict({ slave_id: SlaveId }),
  response: Type.Object({}),
})

export const drainChanged = defineEvent({
  type: 'drain_changed',
  summary: 'A slave is drained from now on, or not any more.',
  routes: ['slave-master'],
  data: Type.Object({ draining: Type.Boolean() }),
})

export const createJoinToken = defineRequest({
  type: 'create_join_token',
  summary: 'A token with which slaves join the cluster.',
  routes: ['control-master'],
  permission: 'slave.invite',
  isMutating: true,
  request: strict({
    expires_in_s: Type.Optional(Type.Integer({ minimum: 1, maximum: 31_536_000, description: 'Default: one day' })),
    uses: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, description: 'How many slaves may join with it; default 1' })),
  }),
  response: Type.Object({ token: Type.String(), url: Type.String(), expires_at: Timestamp, uses: Type.Integer() }),
})

export const createSlaveToken = defineRequest({
  type: 'create_slave_token',
  summary: 'A token for a slave that brings its own id, for programs that cannot join. The slave is made if it is not there; a token that it had is revoked.',
  routes: ['control-master'],
  permission: 'slave.manage',
  isMutating: true,
  request: strict({ slave_id: SlaveId, name: Type.Optional(GivenName) }),
  response: Type.Object({ id: SlaveId, name: GivenName, token: Type.String() }),
})

export const joinSlave = defineRequest({
  type: 'join_slave',
  summary: 'Makes a slave of the cluster, with a join token as the bearer. Gives the token that the slave registers with.',
  routes: ['control-master'],
  permission: 'slave.join',
  isMutating: true,
  request: strict({ name: Name, labels: Type.Optional(Labels) }),
  response: Type.Object({ id: SlaveId, name: Name, token: Type.String() }),
})

/** Something of a slave changed; `slave` is null once it is removed. */
export const slaveChanged = defineEvent({
  type: 'slave_changed',
  summary: 'A slave joined, connected, went, changed or was removed.',
  routes: ['master-control'],
  data: Type.Object({ slave_id: SlaveId, slave: nullable(SlaveInfo) }),
})
