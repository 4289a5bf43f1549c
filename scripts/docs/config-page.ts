import { controlConfig } from '../../lib/config/control-config.ts'
import { configReference } from '../../lib/config/reference.ts'
import { masterConfig } from '../../master/config.ts'
import { builtInPlugins, withPlugins } from '../../lib/plugin/catalogue.ts'
import { slaveConfig } from '../../slave/config.ts'
import { generatedNote, page } from './table.ts'

const intro = `Each program reads one JSON file: \`config-master.json\`, \`config-slave.json\`, \`config-control.json\`. A field that is not in the
file has its default; an environment variable beats the file, a command line option beats both. Change fields with
\`master config set FIELD VALUE\`, \`slave config set …\` or \`ctl config set …\`: that checks the value before it is written. The master and
the slave read their config when they start.

Names that end in \`_ms\` are milliseconds, those that end in \`_bytes\` are bytes.`

/** The reference of all config fields, those of the plugins that come with Corral included. */
export async function configPage(): Promise<string> {
  return page(
    '# Config', generatedNote, intro,
    '## Master', 'Fields that begin with a plugin\'s name matter only while that plugin is enabled.', configReference(withPlugins(masterConfig, await builtInPlugins())),
    '## Slave', configReference(slaveConfig),
    '## Control', 'What ctl reads; [where it looks for it](cli.md#config).', configReference(controlConfig),
  )
}
