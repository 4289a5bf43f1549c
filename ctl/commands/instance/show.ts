import { listInstances } from '../../../lib/link/messages/instances.ts'
import type { InstanceInfo } from '../../../lib/link/messages/instances.ts'
import type { Context } from '../../context.ts'
import { showEach } from '../../show.ts'
import { instanceFields } from './fields.ts'

/** `ctl instance show NAME...` */
export async function run(context: Context): Promise<void> {
  const { list } = await (await context.connect()).send(listInstances, {})
  await showEach<InstanceInfo>(context, 'instance', list, instanceFields)
}
