import { Type } from '@sinclair/typebox'
import type { Static } from '@sinclair/typebox'
import { Template } from '../../template/schema.ts'
import { ConfigGroups } from './config-groups.ts'
import { DesiredState, GivenName, InstanceId, InstanceStatus, LastExit, nullable, Ports, RestartPolicy, RunNumber, SlaveId, Timestamp, Variables } from './shapes.ts'

/** What an operator can set of an instance. */
export const settings = {
  name: GivenName,
  variables: Variables,
  ports: Ports,
  restart_policy: RestartPolicy,
  console_limit_bytes: Type.Integer({ minimum: 65_536, maximum: Number.MAX_SAFE_INTEGER, description: 'Disk space that the console may use: half of it for the newest run, half for those before' }),
  config_groups: Type.Optional(ConfigGroups),
}

/** An instance's configuration as the master keeps it. */
export const InstanceConfig = Type.Object({ ...settings, id: InstanceId, template: Type.String(), slave_id: nullable(SlaveId) })
export type InstanceConfig = Static<typeof InstanceConfig>

/** What a slave needs to run an instance, with or without its master. */
export const Assignment = Type.Object({
  ...settings,
  id: InstanceId,
  slave_id: Type.Optional(nullable(SlaveId)),
  template: Type.Union([Template, Type.String()], { description: 'A template, or the id of one that the slave has itself' }),
})
export type Assignment = Static<typeof Assignment>

/** An assignment whose template is at hand. */
export type WholeAssignment = Omit<Assignment, 'template'> & { readonly template: Template }

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
  name: GivenName,
  template: Type.String(),
  slave: nullable(GivenName),
  slave_id: nullable(SlaveId),
  ...InstanceState.properties,
})
export type InstanceInfo = Static<typeof InstanceInfo>
