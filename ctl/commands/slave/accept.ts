import { acceptDataDirectory, listSlaves } from '../../../lib/link/messages/slaves.ts'
import type { Context } from '../../context.ts'
import { forEach } from '../../each.ts'
import { resolveAll } from '../../resolve.ts'

/** `ctl slave accept NAME...` */
export async function run(context: Context): Promise<void> {
  const { args, connect, output } = context
  const master = await connect()
  const { list } = await master.send(listSlaves, {})
  const words = args.words('NAME')
  const accepted = await forEach(context, resolveAll('slave', list, words), 'accepting', async ({ id, name }) => {
    await master.send(acceptDataDirectory, { slave_id: id })
    return { id, name, accepted: true }
  }, ({ name }) => output.line(`${name}: may come with another data directory`))
  await output.results(accepted, words.length > 1)
}
