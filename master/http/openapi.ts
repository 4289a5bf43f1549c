import { errorCodes } from '../../lib/errors/codes.ts'
import type { RequestDefinition } from '../../lib/link/define.ts'
import type { Registry } from '../../lib/link/registry.ts'
import { corralVersion } from '../../lib/version.ts'

/** The HTTP API as an OpenAPI 3.1 document, made from the registry. */
export function openApi(registry: Registry, url: string): object {
  const requests = registry.requestsOn('control-master').filter(({ isLinkOnly }) => !isLinkOnly)
  return {
    openapi: '3.1.0',
    info: { title: 'Corral', version: corralVersion(), description: 'Every request of a control. The same requests travel over the link.' },
    servers: [{ url }],
    security: [{ token: [] }],
    paths: Object.fromEntries(requests.map((definition) => [`/api/v1/${definition.type}`, { post: operation(definition) }])),
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      responses: {
        error: { description: 'What went wrong', content: json(errorSchema) },
      },
    },
  }
}

const errorSchema = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message'],
      properties: { code: { enum: Object.keys(errorCodes) }, message: { type: 'string' }, details: { type: 'object' } },
    },
  },
}

const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'Sent again with the same key, the request is not done twice, but answered with the outcome of the first. The keys of each token are its own.',
  schema: { type: 'string', minLength: 1, maxLength: 128 },
}

function operation({ type, summary, permission, request, response, isMutating = false }: RequestDefinition): object {
  return {
    operationId: type,
    summary,
    description: `Needs the permission \`${permission}\`.`,
    ...(isMutating ? { parameters: [idempotencyKey] } : {}),
    requestBody: { content: json(request) },
    responses: {
      200: { description: 'Done', content: json(response) },
      default: { $ref: '#/components/responses/error' },
    },
  }
}

function json(schema: object): object {
  return { 'application/json': { schema } }
}
