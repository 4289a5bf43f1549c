import type { CommandSpec } from '../../command.ts'

export const tokenCommands: readonly CommandSpec[] = [
  {
    path: ['token', 'create'],
    summary: 'Make a token for an operator or a script',
    details: 'The token is shown this once; the master keeps only its hash.',
    arguments: [{ name: 'NAME', summary: 'Whose token it is or what for' }],
    options: [
      { name: 'role', value: 'ROLE', choices: ['admin', 'viewer'], summary: 'What it may do: admin (default) all, viewer only look' },
      { name: 'expires', value: 'DURATION', summary: 'How long the token is good, such as 30d (default: without end)' },
    ],
    load: () => import('./create.ts'),
  },
  { path: ['token', 'list'], summary: 'List the tokens that are in force, without their secrets', arguments: [], options: [], load: () => import('./list.ts') },
  {
    path: ['token', 'revoke'],
    summary: 'Take tokens out of force; their connections end',
    arguments: [{ name: 'NAME', summary: 'Names or ids of tokens', isMany: true }],
    options: [],
    load: () => import('./revoke.ts'),
  },
]
