import { randomUUID } from 'node:crypto'
import { sendRcon } from '../../../lib/link/messages/console.ts'
import type { Context } from '../../context.ts'
import { findInstance } from './find.ts'

/** `ctl instance send NAME LINE...` */
export async function run({ args, connect, output }: Context): Promise<void> {
  const master = await connect()
  const { id } = await findInstance(master, args.word('NAME'))
  // With a key the game gets the line once, even if the request reaches the slave twice.
  const { result } = await master.send(sendRcon, { instance_id: id, command: args.words('LINE').join(' ') }, { key: randomUUID() })
  await output.data({ result }, () => (result === '' || result.endsWith('\n') ? result : `${result}\n`))
}
