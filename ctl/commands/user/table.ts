import type { CommandSpec, OptionSpec } from '../../command.ts'

const passwordStdin: OptionSpec = { name: 'password-stdin', summary: 'Read the password from stdin instead of asking for it at the terminal' }

export const userCommands: readonly CommandSpec[] = [
  {
    path: ['user', 'create'],
    summary: 'Make a user, who logs in with a name and a password',
    details: 'The password is asked for twice at the terminal. The master keeps only its hash.',
    arguments: [{ name: 'NAME', summary: 'What the user logs in with' }],
    options: [
      { name: 'role', value: 'ROLE', choices: ['admin', 'viewer'], summary: 'What the user may ask of the cluster: viewer (default) only look, admin all' },
      passwordStdin,
    ],
    load: () => import('./create.ts'),
  },
  { path: ['user', 'list'], summary: 'List the users', arguments: [], options: [], load: () => import('./list.ts') },
  {
    path: ['user', 'set-password'],
    summary: 'Give a user another password; connections made with the old one end',
    arguments: [{ name: 'NAME', summary: 'Name or id of a user' }],
    options: [passwordStdin],
    load: () => import('./set-password.ts'),
  },
  {
    path: ['user', 'delete'],
    summary: 'Delete users; their connections end',
    arguments: [{ name: 'NAME', summary: 'Names or ids of users', isMany: true }],
    options: [],
    load: () => import('./delete.ts'),
  },
]
