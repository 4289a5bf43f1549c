import type { CommandSpec } from '../../command.ts'

export const pluginCommands: readonly CommandSpec[] = [
  {
    path: ['plugin', 'list'],
    summary: 'List the plugins that the master knows, with what went wrong in them',
    details: 'Plugins are installed and enabled with `master plugin`. Their own commands are `ctl plugin NAME COMMAND`; `ctl plugin --help` lists those that ctl knows.',
    arguments: [],
    options: [],
    load: () => import('./list.ts'),
  },
  {
    path: ['plugin', 'install'],
    summary: 'Let ctl know the commands of a plugin from an npm package, a folder or an archive',
    details: 'Not needed for plugins that come with Corral, nor where `config-master.json` lies beside ctl\'s config and the master has the package.',
    arguments: [{ name: 'PACKAGE', summary: 'Name of the package, or a path', completes: 'file' }],
    options: [],
    load: () => import('./install.ts'),
  },
]
