import { listInstances } from '../../../lib/link/messages/instances.ts'
import type { Context } from '../../context.ts'
import { instanceColumns } from './fields.ts'

/** `ctl instance list` */
export async function run({ connect, output }: Context): Promise<void> {
  const { list } = await (await connect()).send(listInstances, {})
  await output.list(list, instanceColumns, 'No instances yet. Make one with `ctl instance create NAME --template TEMPLATE`; `ctl template list` has the templates.')
}
