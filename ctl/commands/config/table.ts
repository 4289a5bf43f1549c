import type { ArgumentSpec, CommandSpec } from '../../command.ts'

const field: ArgumentSpec = { name: 'FIELD', summary: 'Name of the field', completes: ['url', 'token', 'tls_ca', 'dialect'] }

export const configCommands: readonly CommandSpec[] = [
  { path: ['config', 'list'], summary: 'List the fields of ctl\'s own config with their values', arguments: [], options: [], load: () => import('./list.ts') },
  { path: ['config', 'show'], summary: 'Show one field of ctl\'s own config', arguments: [field], options: [], load: () => import('./show.ts') },
  {
    path: ['config', 'set'],
    summary: 'Set a field of ctl\'s own config; an empty value unsets it',
    arguments: [field, { name: 'VALUE', summary: 'The new value' }],
    options: [],
    load: () => import('./set.ts'),
  },
]
