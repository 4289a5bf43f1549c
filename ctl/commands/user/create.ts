import { createUser } from '../../../lib/link/messages/users.ts'
import type { Context } from '../../context.ts'
import { newPassword } from '../../password.ts'

/** `ctl user create NAME` */
export async function run(context: Context): Promise<void> {
  const { args, connect, output } = context
  const name = args.word('NAME')
  const role = args.text('role')
  const password = await newPassword(context, name)
  const { user } = await (await connect()).send(createUser, {
    name, password,
    ...(role === undefined ? {} : { role: role as 'admin' | 'viewer' }),
  })
  await output.data(user, () => `${user.name}: created as user ${user.id} (${user.role})\n`)
}
