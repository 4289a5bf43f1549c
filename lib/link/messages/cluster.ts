import { Type } from '@sinclair/typebox'
import type { Static } from '@sinclair/typebox'
import { Template } from '../../template/schema.ts'
import { defineRequest } from '../define.ts'
import { Empty, nullable, oneLine, strict, Timestamp } from './shapes.ts'

export const getMasterStatus = defineRequest({
  type: 'get_master_status',
  summary: 'What the master is doing.',
  routes: ['control-master'],
  permission: 'cluster.read',
  request: Empty,
  response: Type.Object({
    version: Type.String(),
    url: Type.String(),
    started_at: Timestamp,
    pid: Type.Integer(),
    memory_bytes: Type.Integer(),
    slaves: Type.Object({ total: Type.Integer(), connected: Type.Integer() }),
    instances: Type.Record(Type.String(), Type.Integer(), { description: 'Number of instances by status' }),
    controls: Type.Integer({ description: 'Connected controls' }),
  }),
})

const TemplateSource = Type.Unsafe<'built-in' | 'user'>({ enum: ['built-in', 'user'] })

export const listTemplates = defineRequest({
  type: 'list_templates',
  summary: 'All templates that the master knows.',
  routes: ['control-master'],
  permission: 'template.read',
  request: Empty,
  response: Type.Object({ list: Type.Array(Type.Object({ id: Type.String(), name: Type.String(), source: TemplateSource })) }),
})

export const getTemplate = defineRequest({
  type: 'get_template',
  summary: 'One template, whole.',
  routes: ['control-master'],
  permission: 'template.read',
  request: strict({ template: Type.String() }),
  response: Type.Object({ template: Template, source: TemplateSource }),
})

export const TokenInfo = Type.Object({
  id: Type.Integer(),
  name: Type.String(),
  role: Type.String(),
  created_at: Timestamp,
  expires_at: nullable(Timestamp),
  uses_left: nullable(Type.Integer()),
})
export type TokenInfo = Static<typeof TokenInfo>

const TokenRole = Type.Unsafe<'admin' | 'viewer'>({ enum: ['admin', 'viewer'] })

export const createToken = defineRequest({
  type: 'create_token',
  summary: 'A token for a control. It is shown this once; the master keeps only its hash.',
  routes: ['control-master'],
  permission: 'token.manage',
  isMutating: true,
  request: strict({
    name: Type.String({ minLength: 1, maxLength: 64, ...oneLine }),
    role: Type.Optional(TokenRole),
    expires_in_s: Type.Optional(Type.Integer({ minimum: 1, maximum: 315_360_000 })),
  }),
  response: Type.Object({ token: Type.String(), info: TokenInfo }),
})

export const listTokens = defineRequest({
  type: 'list_tokens',
  summary: 'All tokens that are in force, without their secrets.',
  routes: ['control-master'],
  permission: 'token.manage',
  request: Empty,
  response: Type.Object({ list: Type.Array(TokenInfo) }),
})

export const revokeToken = defineRequest({
  type: 'revoke_token',
  summary: 'Takes a token out of force; connections that were made with it end.',
  routes: ['control-master'],
  permission: 'token.manage',
  isMutating: true,
  request: strict({ token_id: Type.Integer() }),
  response: Type.Object({}),
})
