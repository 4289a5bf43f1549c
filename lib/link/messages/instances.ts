import { Type } from '@sinclair/typebox'
import type { Static } from '@sinclair/typebox'
import { Template } from '../../template/schema.ts'
import { defineEvent, defineRequest } from '../define.ts'
import type { Projection } from '../define.ts'
import {
  DesiredState, Empty, InstanceId, InstanceStatus, LastExit, Name, nullable, Ports, RestartPolicy, RunNumber, SlaveId, strict, Timestamp, Variables,
} from './shapes.ts'

/** Longest that a start, stop or restart is waited for; templates keep their own deadlines below it. */
const waitDeadlineMs = 330_000

/** What an operator can set of an instance. */
const settings = {
  name: Name,
  variables: Variables,
  ports: Ports,
  restart_policy: RestartPolicy,
  console_limit_bytes: Type.Integer({ minimum: 65_536, description: 'Disk space that the console may use: half of it for the newest run, half for those before' }),
}

/** An instance's configuration as the master keeps it. */
export const InstanceConfig = Type.Object({ ...settings, id: InstanceId, template: Type.String(), slave_id: nullable(SlaveId) })
export type InstanceConfig = Static<typeof InstanceConfig>

/** What a slave needs to run an instance, with or without its master. */
export const Assignment = Type.Object({ ...settings, id: InstanceId, template: Template })
export type Assignment = Static<typeof Assignment>

/** What a slave says of an instance that it has. */
export const InstanceState = Type.Object({
  desired: DesiredState,
  status: InstanceStatus,
  run: nullable(RunNumber),
  pid: nullable(Type.Integer({ description: 'Process id of the game itself' })),
  ports: Ports,
  started_at: nullable(Timestamp),
  players: Type.Array(Type.String(), { description: 'Names of the players in the game, as its console tells' }),
  last_exit: nullable(LastExit),
  problem: nullable(Type.String({ description: 'Why it is not in its desired state, for people' })),
})
export type InstanceState = Static<typeof InstanceState>

export const InstanceInfo = Type.Object({
  id: InstanceId,
  name: Name,
  template: Type.String(),
  slave: nullable(Name),
  ...InstanceState.properties,
})
export type InstanceInfo = Static<typeof InstanceInfo>

const instanceOnly = strict({ instance_id: InstanceId })
const awaited = strict({ instance_id: InstanceId, wait: Type.Optional(Type.Boolean({ description: 'Answer when it is done, not when it is on record' })) })
const Reached = Type.Object({ status: InstanceStatus })

// In the base dialect such a request is answered when the work is done, with nothing in the answer.
const baseAwaited: { request: Projection<Static<typeof awaited>>; response: Projection<Static<typeof Reached>> } = {
  request: { schema: instanceOnly, encode: ({ instance_id }) => ({ instance_id }), decode: ({ instance_id }: { instance_id: number }) => ({ instance_id, wait: true }) },
  response: { schema: Empty, encode: () => ({}), decode: () => ({ status: 'unknown' }) },
}

export const listInstances = defineRequest({
  type: 'list_instances',
  summary: 'All instances with their desired and actual state.',
  routes: ['control-master'],
  permission: 'instance.read',
  request: Empty,
  response: Type.Object({ list: Type.Array(InstanceInfo) }),
})

export const createInstance = defineRequest({
  type: 'create_instance',
  summary: 'Makes an instance from a template and assigns it to a slave; without `slave_id`, to the connected slave with the fewest.',
  routes: ['control-master'],
  permission: 'instance.create',
  request: strict({
    name: Name,
    template: Type.String(),
    slave_id: Type.Optional(SlaveId),
    variables: Type.Optional(Variables),
    ports: Type.Optional(Ports),
    restart_policy: Type.Optional(RestartPolicy),
    console_limit_bytes: Type.Optional(settings.console_limit_bytes),
  }),
  response: Type.Object({ instance: InstanceInfo }),
})

export const startInstance = defineRequest({
  type: 'start_instance',
  summary: 'Wants the instance running. Refused when its program is missing or a port is taken.',
  routes: ['control-master', 'master-slave'],
  permission: 'instance.control',
  forward: 'instance_id',
  deadlineMs: waitDeadlineMs,
  request: awaited,
  response: Reached,
  base: baseAwaited,
})

export const stopInstance = defineRequest({
  type: 'stop_instance',
  summary: 'Wants the instance stopped: asks the game, then SIGTERM, then SIGKILL, each with the template\'s grace.',
  routes: ['control-master', 'master-slave'],
  permission: 'instance.control',
  forward: 'instance_id',
  deadlineMs: waitDeadlineMs,
  request: awaited,
  response: Reached,
  base: baseAwaited,
})

export const restartInstance = defineRequest({
  type: 'restart_instance',
  summary: 'Stops the instance and starts it again.',
  routes: ['control-master', 'master-slave'],
  permission: 'instance.control',
  forward: 'instance_id',
  deadlineMs: waitDeadlineMs,
  request: awaited,
  response: Reached,
})

export const killInstance = defineRequest({
  type: 'kill_instance',
  summary: 'Ends the instance\'s processes at once, without asking the game; it stays stopped.',
  routes: ['control-master', 'master-slave'],
  permission: 'instance.control',
  forward: 'instance_id',
  request: instanceOnly,
  response: Reached,
})

export const deleteInstance = defineRequest({
  type: 'delete_instance',
  summary: 'Stops the instance if need be and deletes it with its data. Forced, it is deleted though its slave is away, and from the slave when that comes back.',
  routes: ['control-master', 'master-slave'],
  permission: 'instance.delete',
  deadlineMs: waitDeadlineMs,
  request: strict({ instance_id: InstanceId, force: Type.Optional(Type.Boolean()) }),
  response: Type.Object({}),
})

export const getInstanceConfig = defineRequest({
  type: 'get_instance_config',
  summary: 'An instance\'s configuration. Secrets are masked unless the token may change the configuration.',
  routes: ['control-master'],
  permission: 'instance.read',
  request: instanceOnly,
  response: Type.Object({ config: InstanceConfig }),
})

export const setInstanceConfigField = defineRequest({
  type: 'set_instance_config_field',
  summary: 'Sets one field: `name`, `restart_policy`, `console_limit_bytes`, `variables.NAME` or `ports.NAME`; null puts the default back. Takes effect at the next start.',
  routes: ['control-master'],
  permission: 'instance.config',
  request: strict({ instance_id: InstanceId, field: Type.String({ maxLength: 128 }), value: nullable(Type.String({ maxLength: 65_536 })) }),
  response: Type.Object({ config: InstanceConfig }),
})

export const assignInstance = defineRequest({
  type: 'assign_instance',
  summary: 'Gives a slave an instance, or its new configuration.',
  routes: ['master-slave'],
  permission: 'peer',
  request: strict({ instance: Assignment }),
  response: Type.Object({ state: InstanceState }),
})

/** Sent when a slave connects: all that it has. */
export const updateInstances = defineEvent({
  type: 'update_instances',
  summary: 'All instances that a slave has, sent when it connects.',
  routes: ['slave-master'],
  data: Type.Object({
    instances: Type.Array(Type.Object({ instance: Assignment, state: InstanceState })),
    draining: Type.Boolean(),
    data_directory_id: Type.String({ minLength: 1, maxLength: 128, description: 'Names the slave\'s data directory: a copy of its config elsewhere has another' }),
  }),
})

export const instanceStateChanged = defineEvent({
  type: 'instance_state_changed',
  summary: 'The desired or actual state of an instance changed.',
  routes: ['slave-master'],
  data: Type.Object({ instance_id: InstanceId, state: InstanceState }),
})

/** Something of an instance changed; `instance` is null once it is deleted. */
export const instanceChanged = defineEvent({
  type: 'instance_changed',
  summary: 'An instance was created, changed or deleted.',
  routes: ['master-control'],
  data: Type.Object({ instance_id: InstanceId, instance: nullable(InstanceInfo) }),
})

export const setStatusSubscription = defineRequest({
  type: 'set_status_subscription',
  summary: 'Switches the events `slave_changed` and `instance_changed` on or off for this connection; on, all that is there now is sent first.',
  routes: ['control-master'],
  permission: 'instance.read',
  isLinkOnly: true,
  request: strict({ enabled: Type.Boolean() }),
  response: Type.Object({}),
})
