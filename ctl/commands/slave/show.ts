import { listSlaves } from '../../../lib/link/messages/slaves.ts'
import type { SlaveInfo } from '../../../lib/link/messages/slaves.ts'
import type { Context } from '../../context.ts'
import { showEach } from '../../show.ts'
import { slaveFields } from './fields.ts'

/** `ctl slave show NAME...` */
export async function run(context: Context): Promise<void> {
  const { list } = await (await context.connect()).send(listSlaves, {})
  await showEach<SlaveInfo>(context, 'slave', list, slaveFields)
}
