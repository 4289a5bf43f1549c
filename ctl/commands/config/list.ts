import { controlConfig } from '../../../lib/config/control-config.ts'
import { loadConfig } from '../../../lib/config/load.ts'
import { configRows } from '../../../lib/config/rows.ts'
import type { Context } from '../../context.ts'
import { configEnv, configFile } from '../../settings.ts'

/** `ctl config list` */
export async function run({ args, env, output, note }: Context): Promise<void> {
  const query = { config: args.text('config'), env }
  const { file, exists } = configFile(query)
  const config = await loadConfig(controlConfig, { file, env: configEnv(query) })
  for (const warning of config.warnings) note(warning)
  await output.list(configRows(controlConfig, config), [
    { title: 'FIELD', value: ({ field }) => field },
    { title: 'VALUE', value: ({ value }) => value },
    { title: 'SOURCE', value: ({ source }) => source },
    { title: 'MEANING', value: ({ description }) => description },
  ], '')
  if (output.format === 'table') note(`Config file: ${file}${exists ? '' : ' (does not exist)'}`)
}
