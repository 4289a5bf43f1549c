import { defineRequest, Type } from '../../lib/plugin.ts'

export const say = defineRequest({
  type: 'global-chat:say',
  summary: 'Says a text in all games that take part and run.',
  routes: ['control-master'],
  permission: 'console.send',
  isMutating: true,
  request: Type.Object({
    text: Type.String({ minLength: 1, maxLength: 500, pattern: '^[^\\x00-\\x1f\\x7f]+$', description: 'One line' }),
  }, { additionalProperties: false }),
  response: Type.Object({
    said: Type.Array(Type.String(), { description: 'Names of the instances whose games took it' }),
    failed: Type.Array(Type.Object({ instance: Type.String(), message: Type.String() })),
  }),
})

export const history = defineRequest({
  type: 'global-chat:history',
  summary: 'What players said last in a game, as its slave has heard it.',
  routes: ['control-master', 'master-slave', 'slave-instance'],
  forward: 'instance_id',
  permission: 'console.read',
  request: Type.Object({ instance_id: Type.Integer({ minimum: 1, description: 'Id of an instance' }) }, { additionalProperties: false }),
  response: Type.Object({
    lines: Type.Array(Type.Object({ at: Type.String({ description: 'ISO 8601 date and time in UTC' }), player: Type.String(), text: Type.String() })),
  }),
})
