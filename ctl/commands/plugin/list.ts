import { listPlugins } from '../../../lib/link/messages/plugins.ts'
import type { LeftOutPackage, PluginInfo } from '../../../lib/link/messages/plugins.ts'
import type { Context } from '../../context.ts'

/** `ctl plugin list` */
export async function run({ connect, output }: Context): Promise<void> {
  const master = await connect()
  const { list, left_out: leftOut = [] } = await master.send(listPlugins, {})
  const rows: readonly Row[] = [...list, ...leftOut.map(leftOutRow)]
  await output.list(rows, [
    { title: 'NAME', value: ({ name }) => name },
    { title: 'VERSION', value: ({ version }) => version },
    { title: 'SOURCE', value: ({ source }) => source },
    { title: 'ENABLED', value: ({ enabled }) => enabled },
    { title: 'RUNNING', value: ({ running }) => running },
    { title: 'FAILURES', value: ({ failures }) => failures || null, align: 'right', isOptional: true },
    {
      title: 'LAST FAILURE', isOptional: true,
      value: ({ last_failure: last, problem }) => problem ?? (last && `${last.at}${last.slave_id === null ? '' : ` on slave ${last.slave_id}`}, at ${last.where}: ${last.message}`),
    },
  ], 'The master knows no plugins; install one with `master plugin install PACKAGE`')
}

type Row = PluginInfo & { readonly problem?: string }

/** A package that can't be used goes by its own name: its plugin has none, or one that is another's. */
function leftOutRow({ source, problem }: LeftOutPackage): Row {
  return { name: source, version: '', source, description: '', enabled: false, running: false, failures: 0, last_failure: null, problem }
}
