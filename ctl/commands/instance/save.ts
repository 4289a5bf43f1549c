import { createSave, listInstances } from '../../../lib/link/messages/instances.ts'
import type { Context } from '../../context.ts'
import { forEach } from '../../each.ts'
import { resolveAll } from '../../resolve.ts'

/** `ctl instance save NAME...` */
export async function run(context: Context): Promise<void> {
  const { args, connect, output } = context
  const master = await connect()
  const { list } = await master.send(listInstances, {})
  const words = args.words('NAME')
  const saved = await forEach(context, resolveAll('instance', list, words), 'saving', async ({ id, name }) => {
    await master.send(createSave, { instance_id: id })
    return { id, name, saved: true }
  }, ({ name }) => output.line(`${name}: saved`))
  await output.results(saved, words.length > 1)
}
