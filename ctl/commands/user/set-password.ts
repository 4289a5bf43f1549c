import { listUsers, setUserPassword } from '../../../lib/link/messages/users.ts'
import type { Context } from '../../context.ts'
import { newPassword } from '../../password.ts'
import { resolve } from '../../resolve.ts'

/** `ctl user set-password NAME` */
export async function run(context: Context): Promise<void> {
  const { args, connect, output } = context
  const password = await newPassword(context, args.word('NAME'))
  const master = await connect()
  const { id } = resolve('user', (await master.send(listUsers, {})).list, args.word('NAME'))
  const { user } = await master.send(setUserPassword, { user_id: id, password })
  await output.data(user, () => `${user.name}: has a new password\n`)
}
