import { listSlaves } from '../../../lib/link/messages/slaves.ts'
import type { Context } from '../../context.ts'
import { slaveColumns } from './fields.ts'

/** `ctl slave list` */
export async function run({ connect, output }: Context): Promise<void> {
  const { list } = await (await connect()).send(listSlaves, {})
  await output.list(list, slaveColumns, 'No slaves yet. Invite one with `ctl slave invite`.')
}
