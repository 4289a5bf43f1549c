import { setInstanceConfigField } from '../../../lib/link/messages/instances.ts'
import type { Context } from '../../context.ts'
import { usageError } from '../../usage-error.ts'
import { findInstance } from './find.ts'

/** `ctl instance config set NAME FIELD VALUE|--unset` */
export async function run({ args, connect, output }: Context): Promise<void> {
  const [field, values, isUnset] = [args.word('FIELD'), args.words('VALUE'), args.flag('unset')]
  if (isUnset === values.length > 0) throw usageError('Give a VALUE, or --unset to put the default back; not both')
  const master = await connect()
  const { id, name } = await findInstance(master, args.word('NAME'))
  const { config } = await master.send(setInstanceConfigField, { instance_id: id, field, value: isUnset ? null : args.word('VALUE') })
  await output.data(config, () => `${name}: ${field} is ${isUnset ? 'at its default again' : 'set'}; it takes effect at the next start\n`)
}
