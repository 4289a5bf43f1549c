import type { Cluster } from '../cluster.ts'
import { userInfo } from '../services/users.ts'
import type { ControlHandlers } from './context.ts'

export function userHandlers({ users }: Cluster) {
  return {
    create_user: async ({ name, password, role = 'viewer' }) => ({ user: userInfo(await users.create({ name, password, role })) }),
    list_users: () => ({ list: users.list().map(userInfo) }),
    set_user_password: async ({ user_id: userId, password }) => ({ user: userInfo(await users.setPassword(userId, password)) }),
    delete_user: async ({ user_id: userId }) => {
      await users.delete(userId)
      return {}
    },
  } satisfies Partial<ControlHandlers>
}
