import { getTemplate } from '../../../lib/link/messages/cluster.ts'
import type { Context } from '../../context.ts'
import { formatData } from '../../output/format.ts'

/** `ctl template show TEMPLATE` */
export async function run({ args, connect, output }: Context): Promise<void> {
  const { template } = await (await connect()).send(getTemplate, { template: args.word('TEMPLATE') })
  // Templates are YAML files, so that is what people read them as.
  await output.data(template, () => formatData(template, 'yaml'))
}
