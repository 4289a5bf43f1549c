import { controlConfig } from '../../../lib/config/control-config.ts'
import { loadConfig } from '../../../lib/config/load.ts'
import { configRow } from '../../../lib/config/rows.ts'
import { setConfigField } from '../../../lib/config/save.ts'
import type { Context } from '../../context.ts'
import { configFile } from '../../settings.ts'

/** `ctl config set FIELD VALUE` */
export async function run({ args, env, output, note }: Context): Promise<void> {
  const { file } = configFile({ config: args.text('config'), env })
  const field = args.word('FIELD')
  await setConfigField(controlConfig, file, field, args.word('VALUE'))
  const config = await loadConfig(controlConfig, { file, env: {} })
  for (const warning of config.warnings) note(warning)
  const row = configRow(controlConfig, config, field)
  await output.data(row, () => `${field} is ${row.source === 'file' ? 'set' : 'unset'} in ${file}\n`)
}
