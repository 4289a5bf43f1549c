import { controlConfig } from '../../../lib/config/control-config.ts'
import { loadConfig } from '../../../lib/config/load.ts'
import { configRow } from '../../../lib/config/rows.ts'
import type { Context } from '../../context.ts'
import { formatFields } from '../../output/table.ts'
import { configEnv, configFile } from '../../settings.ts'

/** `ctl config show FIELD` */
export async function run({ args, env, output }: Context): Promise<void> {
  const query = { config: args.text('config'), env }
  const config = await loadConfig(controlConfig, { file: configFile(query).file, env: configEnv(query) })
  const row = configRow(controlConfig, config, args.word('FIELD'))
  await output.data(row, () => formatFields(Object.entries(row), output.width))
}
