import { Type } from '@sinclair/typebox'
import type { Static } from '@sinclair/typebox'
import { defineRequest } from '../../lib/link/define.ts'
import { asItIs } from '../../lib/link/messages/projections.ts'
import type { Registry } from '../../lib/link/registry.ts'
import type { HandlerTable } from '../../lib/link/handlers.ts'

/** Data of an answer; a text `{request.FIELD}` in it stands for that field of the request. */
export const FixedReplies = Type.Record(
  Type.String({ pattern: '^[^:]+:.+$' }),
  Type.Record(Type.String({ pattern: '^(?!seq$|error$)' }), Type.Unknown(), { additionalProperties: false }),
  { additionalProperties: false },
)
export type FixedReplies = Static<typeof FixedReplies>

/** What slaves with the plugins of other makes wait for when they start a game. */
export const defaultReplies: FixedReplies = {
  'research_sync:sync_technologies': { technologies: '{request.technologies}' },
  'subspace_storage:get_storage': { items: [] },
}

type Data = Record<string, unknown>
const AnyData = Type.Object({})

/** Answers requests of slaves' plugins that the master does not have; those that it has answer for themselves. */
export function answerForMissingPlugins<Context>(replies: FixedReplies, registry: Registry, handlers: HandlerTable<Context>): void {
  for (const [type, reply] of Object.entries(replies)) {
    if (registry.request(type, 'slave-master')) continue
    const asIs = { ...asItIs(AnyData), encode: (data: object) => data }
    registry.add(defineRequest({
      type,
      summary: 'Answered with what `base.plugin_replies` says.',
      routes: ['slave-master'],
      permission: 'peer',
      request: AnyData,
      response: AnyData,
      base: { request: asIs, response: asIs },
    }))
    handlers.add(type, (request) => replyTo(request as Data, reply))
  }
}

function replyTo(request: Data, reply: Data): Data {
  return Object.fromEntries(Object.entries(reply).map(([name, value]) => {
    const [, field] = (typeof value === 'string' && /^\{request\.(.+)\}$/.exec(value)) || []
    return [name, field === undefined ? value : Object.hasOwn(request, field) ? request[field] : null]
  }))
}
