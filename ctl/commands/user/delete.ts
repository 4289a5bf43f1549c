import { deleteUser, listUsers } from '../../../lib/link/messages/users.ts'
import type { Context } from '../../context.ts'
import { forEach } from '../../each.ts'
import { resolveAll } from '../../resolve.ts'

/** `ctl user delete NAME...` */
export async function run(context: Context): Promise<void> {
  const { args, connect, output } = context
  const master = await connect()
  const { list } = await master.send(listUsers, {})
  const words = args.words('NAME')
  const deleted = await forEach(context, resolveAll('user', list, words), 'deleting', async ({ id, name }) => {
    await master.send(deleteUser, { user_id: id })
    return { id, name, deleted: true }
  }, ({ name }) => output.line(`${name}: is deleted`))
  await output.results(deleted, words.length > 1)
}
