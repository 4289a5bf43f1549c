import { listPlugins } from '../../../lib/link/messages/plugins.ts'
import type { Context } from '../../context.ts'

/** `ctl plugin list` */
export async function run({ connect, output }: Context): Promise<void> {
  const master = await connect()
  const { list } = await master.send(listPlugins, {})
  await output.list(list, [
    { title: 'NAME', value: ({ name }) => name },
    { title: 'VERSION', value: ({ version }) => version },
    { title: 'SOURCE', value: ({ source }) => source },
    { title: 'ENABLED', value: ({ enabled }) => enabled },
    { title: 'RUNNING', value: ({ running }) => running },
    { title: 'FAILURES', value: ({ failures }) => failures || null, align: 'right', isOptional: true },
    {
      title: 'LAST FAILURE', isOptional: true,
      value: ({ last_failure: last }) => last && `${last.at}${last.slave_id === null ? '' : ` on slave ${last.slave_id}`}, at ${last.where}: ${last.message}`,
    },
  ], 'The master knows no plugins; install one with `master plugin install PACKAGE`')
}
