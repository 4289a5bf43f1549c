import { Type } from '@sinclair/typebox'
import type { Static } from '@sinclair/typebox'
import { defineRequest } from '../define.ts'
import { Empty, strict, Timestamp } from './shapes.ts'

/** Shortest new password that is taken, in characters; shorter ones from before go on to be good. */
export const minPasswordLength = 8

/** Longest password that is taken, in characters: hashing is not to be fed without end. */
export const maxPasswordLength = 1_024

const UserName = Type.String({
  minLength: 1,
  maxLength: 64,
  // No control or format characters, no blank at either end, and not all digits: a name, never an id.
  pattern: '^(?![0-9]+$)[^\\s\\p{C}](?:[^\\p{C}]*[^\\s\\p{C}])?$',
  description: 'What the user logs in with',
  'x-must': 'be one line of text without blanks at its ends, and no number',
})
const UserId = Type.Integer({ minimum: 1, description: 'Id of a user' })
const UserRole = Type.Unsafe<'admin' | 'viewer'>({ enum: ['admin', 'viewer'], description: 'What the user may ask of the cluster' })
/** A new password. */
export const Password = Type.String({ minLength: minPasswordLength, maxLength: maxPasswordLength, description: 'Kept as an Argon2id hash only' })

export const UserInfo = Type.Object({
  id: Type.Integer(),
  name: Type.String(),
  role: Type.String(),
  created_at: Timestamp,
  password_changed_at: Timestamp,
})
export type UserInfo = Static<typeof UserInfo>

export const createUser = defineRequest({
  type: 'create_user',
  summary: 'A user, who logs in at doors that know users, with a name and a password.',
  routes: ['control-master'],
  permission: 'user.manage',
  isMutating: true,
  request: strict({ name: UserName, password: Password, role: Type.Optional(UserRole) }),
  response: Type.Object({ user: UserInfo }),
})

export const listUsers = defineRequest({
  type: 'list_users',
  summary: 'All users.',
  routes: ['control-master'],
  permission: 'user.read',
  request: Empty,
  response: Type.Object({ list: Type.Array(UserInfo) }),
})

export const setUserPassword = defineRequest({
  type: 'set_user_password',
  summary: 'Gives a user another password; connections that were made with the old one end.',
  routes: ['control-master'],
  permission: 'user.manage',
  isMutating: true,
  request: strict({ user_id: UserId, password: Password }),
  response: Type.Object({ user: UserInfo }),
})

export const deleteUser = defineRequest({
  type: 'delete_user',
  summary: 'Deletes a user; his connections end.',
  routes: ['control-master'],
  permission: 'user.manage',
  isMutating: true,
  request: strict({ user_id: UserId }),
  response: Type.Object({}),
})
