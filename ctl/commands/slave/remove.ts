import { listSlaves, removeSlave } from '../../../lib/link/messages/slaves.ts'
import type { Context } from '../../context.ts'
import { forEach } from '../../each.ts'
import { resolveAll } from '../../resolve.ts'

/** `ctl slave remove NAME... [--force]` */
export async function run(context: Context): Promise<void> {
  const { args, connect, output } = context
  const master = await connect()
  const { list } = await master.send(listSlaves, {})
  const words = args.words('NAME')
  const force = args.flag('force')
  const removed = await forEach(context, resolveAll('slave', list, words), 'removing', async ({ id, name }) => {
    await master.send(removeSlave, { slave_id: id, ...(force ? { force } : {}) })
    return { id, name, removed: true }
  }, ({ name }) => output.line(`${name}: removed`))
  await output.results(removed, words.length > 1)
}
