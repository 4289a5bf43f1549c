import { assignInstanceCommand } from '../../../lib/link/messages/instances.ts'
import { listSlaves } from '../../../lib/link/messages/slaves.ts'
import type { Context } from '../../context.ts'
import { resolve } from '../../resolve.ts'
import { findInstance } from './find.ts'

/** `ctl instance assign NAME SLAVE` */
export async function run({ args, connect, output, progress }: Context): Promise<void> {
  const master = await connect()
  const { id, name } = await findInstance(master, args.word('NAME'))
  const slave = resolve('slave', (await master.send(listSlaves, {})).list, args.word('SLAVE'))
  await progress.during(`assigning ${name}`, master.send(assignInstanceCommand, { instance_id: id, slave_id: slave.id }))
  await output.data({ id, name, slave: slave.name }, () => `${name}: assigned to ${slave.name}\n`)
}
