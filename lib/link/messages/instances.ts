import { Type } from '@sinclair/typebox'
import { defineEvent, defineRequest } from '../define.ts'
import { SerializedConfig } from './config-groups.ts'
import { baseAssignment, baseAwaited, baseBrought, baseConfig, baseCreation, baseDeletion, baseField, baseList, instanceOnly } from './instance-projections.ts'
import { Assignment, InstanceConfig, InstanceInfo, InstanceState, settings } from './instance-shapes.ts'
import { asItIs } from './projections.ts'
import { Empty, GivenName, InstanceId, InstanceStatus, nullable, Ports, RestartPolicy, SlaveId, strict, Variables } from './shapes.ts'

export { Assignment, InstanceConfig, InstanceInfo, InstanceState } from './instance-shapes.ts'
export type { WholeAssignment } from './instance-shapes.ts'

/** Longest that a start, stop or restart is waited for; templates keep their own deadlines below it. */
const waitDeadlineMs = 330_000

const awaited = strict({ instance_id: InstanceId, wait: Type.Optional(Type.Boolean({ description: 'Answer when it is done, not when it is on record' })) })
const Reached = Type.Object({ status: InstanceStatus })

export const listInstances = defineRequest({
  type: 'list_instances',
  summary: 'All instances with their desired and actual state.',
  routes: ['control-master'],
  permission: 'instance.read',
  request: Empty,
  response: Type.Object({ list: Type.Array(InstanceInfo) }),
  base: baseList,
})

export const createInstance = defineRequest({
  type: 'create_instance',
  summary: 'Makes an instance from a template and assigns it to a slave; without `slave_id`, to the connected slave with the fewest, and with null to none.',
  routes: ['control-master'],
  permission: 'instance.create',
  isMutating: true,
  request: strict({
    name: GivenName,
    template: Type.String(),
    id: Type.Optional(InstanceId),
    slave_id: Type.Optional(nullable(SlaveId)),
    variables: Type.Optional(Variables),
    ports: Type.Optional(Ports),
    restart_policy: Type.Optional(RestartPolicy),
    console_limit_bytes: Type.Optional(settings.console_limit_bytes),
    config_groups: settings.config_groups,
  }),
  response: Type.Object({ instance: Type.Optional(InstanceInfo) }, { description: 'A master of another make does not show it' }),
  base: baseCreation,
})

const assignmentCommand = strict({ instance_id: InstanceId, slave_id: SlaveId })

export const assignInstanceCommand = defineRequest({
  type: 'assign_instance_command',
  summary: 'Assigns an instance to a slave. One that has a slave already must be stopped; its data stays there, until the instance is deleted.',
  routes: ['control-master'],
  permission: 'instance.config',
  isMutating: true,
  request: assignmentCommand,
  response: Empty,
  base: { request: asItIs(assignmentCommand), response: asItIs(Empty) },
})

export const startInstance = defineRequest({
  type: 'start_instance',
  summary: 'Wants the instance running. Refused when its program is missing or a port is taken.',
  routes: ['control-master', 'master-slave'],
  permission: 'instance.control',
  isMutating: true,
  forward: 'instance_id',
  deadlineMs: waitDeadlineMs,
  request: awaited,
  response: Reached,
  base: baseAwaited('running'),
})

export const stopInstance = defineRequest({
  type: 'stop_instance',
  summary: 'Wants the instance stopped: asks the game, then SIGTERM, then SIGKILL, each with the template\'s grace.',
  routes: ['control-master', 'master-slave'],
  permission: 'instance.control',
  isMutating: true,
  forward: 'instance_id',
  deadlineMs: waitDeadlineMs,
  request: awaited,
  response: Reached,
  base: baseAwaited('stopped'),
})

export const restartInstance = defineRequest({
  type: 'restart_instance',
  summary: 'Stops the instance and starts it again.',
  routes: ['control-master', 'master-slave'],
  permission: 'instance.control',
  isMutating: true,
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
  isMutating: true,
  forward: 'instance_id',
  request: instanceOnly,
  response: Reached,
})

export const createSave = defineRequest({
  type: 'create_save',
  summary: 'Has a game that runs save its world, as its template says; for one that is stopped, makes what it starts from where that is missing. Answered when it is done.',
  routes: ['control-master', 'master-slave'],
  permission: 'instance.control',
  isMutating: true,
  forward: 'instance_id',
  deadlineMs: waitDeadlineMs,
  request: instanceOnly,
  response: Empty,
  base: { request: asItIs(instanceOnly), response: asItIs(Empty) },
})

export const deleteInstance = defineRequest({
  type: 'delete_instance',
  summary: 'Stops the instance if need be and deletes it with its data, also from slaves that had it before. Forced, it is deleted though its slave is away, and from the slave when that comes back.',
  routes: ['control-master', 'master-slave'],
  permission: 'instance.delete',
  isMutating: true,
  deadlineMs: waitDeadlineMs,
  request: strict({ instance_id: InstanceId, force: Type.Optional(Type.Boolean()) }),
  response: Type.Object({}),
  base: baseDeletion,
})

export const getInstanceConfig = defineRequest({
  type: 'get_instance_config',
  summary: 'An instance\'s configuration. Secrets are masked, unless they are asked for with a token that may change the configuration.',
  routes: ['control-master'],
  permission: 'instance.read',
  request: strict({
    instance_id: InstanceId,
    secrets: Type.Optional(Type.Boolean({ description: 'Show secrets, too' })),
    stored: Type.Optional(Type.Boolean({ description: 'Only what was given, without the defaults of the template' })),
  }),
  response: Type.Object({ config: InstanceConfig }),
  base: baseConfig,
})

export const setInstanceConfigField = defineRequest({
  type: 'set_instance_config_field',
  summary: 'Sets one field: `name`, `restart_policy`, `console_limit_bytes`, `variables.NAME`, `ports.NAME`, or `GROUP.FIELD` of another program\'s group; null puts the default back. Takes effect at the next start.',
  routes: ['control-master'],
  permission: 'instance.config',
  isMutating: true,
  request: strict({ instance_id: InstanceId, field: Type.String({ maxLength: 255 }), value: nullable(Type.String({ maxLength: 65_536 })) }),
  response: Type.Object({ config: Type.Optional(InstanceConfig) }, { description: 'A master of another make does not show it' }),
  base: baseField,
})

const serialized = Type.Object(SerializedConfig.properties, { description: 'The configuration word for word, where the master is of another make: it is told the same again' })

export const assignInstance = defineRequest({
  type: 'assign_instance',
  summary: 'Gives a slave an instance, or its new configuration.',
  routes: ['master-slave'],
  permission: 'peer',
  isMutating: true,
  request: strict({ instance: Assignment, serialized: Type.Optional(serialized) }),
  response: Type.Object({ state: Type.Optional(InstanceState) }),
  base: baseAssignment,
})

/** Sent when a slave connects: all that it has. */
export const updateInstances = defineEvent({
  type: 'update_instances',
  summary: 'All instances that a slave has, sent when it connects.',
  routes: ['slave-master'],
  data: Type.Object({
    instances: Type.Array(Type.Object({ instance: Assignment, serialized: Type.Optional(serialized), state: Type.Optional(InstanceState) })),
    draining: Type.Boolean(),
    data_directory_id: Type.Optional(Type.String({ minLength: 1, maxLength: 128, description: 'Names the slave\'s data directory: a copy of its config elsewhere has another' })),
  }),
  base: baseBrought,
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
