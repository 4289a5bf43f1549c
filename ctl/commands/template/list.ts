import { listTemplates } from '../../../lib/link/messages/cluster.ts'
import type { Context } from '../../context.ts'

/** `ctl template list` */
export async function run({ connect, output }: Context): Promise<void> {
  const { list } = await (await connect()).send(listTemplates, {})
  await output.list(list, [
    { title: 'ID', value: ({ id }) => id },
    { title: 'NAME', value: ({ name }) => name },
    { title: 'SOURCE', value: ({ source }) => source },
  ], 'No templates. The master reads those in its templates directory; see `master config show templates_directory`.')
}
