import { usageError } from '../../../lib/cli/usage-error.ts'
import { getInstanceConfig, setInstanceConfigField } from '../../../lib/link/messages/instances.ts'
import type { Context } from '../../context.ts'
import { findInstance } from './find.ts'

/** The game has no part in these: they hold at once. */
const fieldsOfCluster: readonly string[] = ['name', 'restart_policy']

/** `ctl instance config set NAME FIELD VALUE|--unset` */
export async function run({ args, connect, output }: Context): Promise<void> {
  const [field, values, isUnset] = [args.word('FIELD'), args.words('VALUE'), args.flag('unset')]
  if (isUnset === values.length > 0) throw usageError('Give a VALUE, or --unset to put the default back; not both')
  const master = await connect()
  const { id, name } = await findInstance(master, args.word('NAME'))
  const answer = await master.send(setInstanceConfigField, { instance_id: id, field, value: isUnset ? null : args.word('VALUE') })
  // A master of other makers does not show what became of it; only programs want to see all of it.
  const config = answer.config ?? (output.format === 'table' ? undefined : (await master.send(getInstanceConfig, { instance_id: id })).config)
  const since = fieldsOfCluster.includes(field) ? '' : '; it takes effect at the next start'
  await output.data(config, () => `${name}: ${field} is ${isUnset ? 'at its default again' : 'set'}${since}\n`)
}
