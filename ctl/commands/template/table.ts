import type { CommandSpec } from '../../command.ts'

export const templateCommands: readonly CommandSpec[] = [
  {
    path: ['template', 'list'],
    summary: 'List the templates that instances can be made from',
    arguments: [],
    options: [],
    load: () => import('./list.ts'),
  },
  {
    path: ['template', 'show'],
    summary: 'Show a template, whole',
    arguments: [{ name: 'TEMPLATE', summary: 'Id of the template', completes: 'template' }],
    options: [],
    load: () => import('./show.ts'),
  },
  {
    path: ['template', 'check'],
    summary: 'Check template files, here, without a master',
    details: 'Prints each problem as file:line:column.',
    arguments: [{ name: 'FILE', summary: 'Template files', isMany: true, completes: 'file' }],
    options: [],
    load: () => import('./check.ts'),
  },
]
