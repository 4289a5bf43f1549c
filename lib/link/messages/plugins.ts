import { Type } from '@sinclair/typebox'
import type { Static } from '@sinclair/typebox'
import { defineEvent, defineRequest } from '../define.ts'
import { Empty, nullable, SlaveId, Timestamp } from './shapes.ts'

const PluginName = Type.String({ pattern: '^[a-z][a-z0-9-]{0,31}$', description: 'Name of a plugin' })

/** A plugin that shall run on a slave. */
export const PluginOrder = Type.Object({
  name: PluginName,
  version: Type.String(),
  source: Type.String({ description: '`built-in`, or the npm package that it comes from' }),
  config: Type.Record(Type.String(), Type.Unknown(), { description: 'Its fields as the master has them, without those that are secret' }),
})
export type PluginOrder = Static<typeof PluginOrder>

export const setPlugins = defineRequest({
  type: 'set_plugins',
  summary: 'Which plugins have parts that shall run on the slave; those that it does not name are stopped. The slave keeps this over restarts.',
  routes: ['master-slave'],
  permission: 'peer',
  isMutating: true,
  request: Type.Object({ plugins: Type.Array(PluginOrder) }),
  response: Type.Object({
    problems: Type.Array(Type.Object({ name: PluginName, message: Type.String({ description: 'Why it does not run there' }) })),
  }),
  deadlineMs: 60_000,
})

export const pluginFailed = defineEvent({
  type: 'plugin_failed',
  summary: 'Something went wrong inside a plugin on a slave.',
  routes: ['slave-master'],
  data: Type.Object({
    name: PluginName,
    where: Type.String({ maxLength: 200, description: 'What of it was running' }),
    message: Type.String({ maxLength: 2_000 }),
    is_stopped: Type.Boolean({ description: 'It was stopped there, for nobody can tell what state that left it in' }),
  }),
})

export const PluginInfo = Type.Object({
  name: PluginName,
  version: Type.String(),
  source: Type.String({ description: '`built-in`, or the npm package that it comes from' }),
  description: Type.String(),
  enabled: Type.Boolean(),
  running: Type.Boolean({ description: 'In the master' }),
  failures: Type.Integer({ description: 'Since the master was started, those on slaves included' }),
  last_failure: nullable(Type.Object({
    at: Timestamp,
    slave_id: nullable(SlaveId),
    where: Type.String(),
    message: Type.String(),
  })),
})
export type PluginInfo = Static<typeof PluginInfo>

/** A plugin's package that the master can't use. */
export const LeftOutPackage = Type.Object({
  source: Type.String({ description: 'The npm package' }),
  problem: Type.String({ description: 'Why it is left out' }),
})
export type LeftOutPackage = Static<typeof LeftOutPackage>

export const listPlugins = defineRequest({
  type: 'list_plugins',
  summary: 'All plugins that the master knows, enabled or not.',
  routes: ['control-master'],
  permission: 'cluster.read',
  request: Empty,
  response: Type.Object({
    list: Type.Array(PluginInfo),
    left_out: Type.Optional(Type.Array(LeftOutPackage, { description: 'Packages that could not be used when the master was started' })),
  }),
})

export type PluginProblem = Static<typeof setPlugins.response>['problems'][number]
