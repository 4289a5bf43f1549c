import { listTokens, revokeToken } from '../../../lib/link/messages/cluster.ts'
import type { Context } from '../../context.ts'
import { forEach } from '../../each.ts'
import { resolveAll } from '../../resolve.ts'

/** `ctl token revoke NAME...` */
export async function run(context: Context): Promise<void> {
  const { args, connect, output } = context
  const master = await connect()
  const { list } = await master.send(listTokens, {})
  const words = args.words('NAME')
  const revoked = await forEach(context, resolveAll('token', list, words), 'revoking', async ({ id, name }) => {
    await master.send(revokeToken, { token_id: id })
    return { id, name, revoked: true }
  }, ({ id, name }) => output.line(`${name}: token ${id} is revoked`))
  await output.results(revoked, words.length > 1)
}
