import type { Permission } from './permission.ts'

const readOnly = ['none', 'cluster.read', 'slave.read', 'instance.read', 'console.read', 'template.read', 'user.read'] as const

/** What the holders of each role may do; `all` is every permission that a control can have. */
export const roles = {
  admin: 'all',
  viewer: new Set<Permission>(readOnly),
  slave: new Set<Permission>(['peer']),
  join: new Set<Permission>(['slave.join']),
} as const

export type RoleName = keyof typeof roles

/** Whether a role holds a permission. */
export function roleHolds(role: RoleName, permission: Permission): boolean {
  const held = roles[role]
  return held === 'all' ? permission !== 'peer' : held.has(permission)
}
