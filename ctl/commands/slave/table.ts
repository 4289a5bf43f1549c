import type { ArgumentSpec, CommandSpec } from '../../command.ts'

const slaves: ArgumentSpec = { name: 'NAME', summary: 'Names or ids of slaves', isMany: true, completes: 'slave' }

export const slaveCommands: readonly CommandSpec[] = [
  {
    path: ['slave', 'list'],
    summary: 'List all slaves, connected or not',
    arguments: [],
    options: [],
    base: {},
    load: () => import('./list.ts'),
  },
  {
    path: ['slave', 'show'],
    summary: 'Show slaves in full',
    arguments: [slaves],
    options: [],
    base: {},
    load: () => import('./show.ts'),
  },
  {
    path: ['slave', 'invite'],
    summary: 'Make a token with which slaves join the cluster',
    details: 'Prints the command to run on the slave\'s host, and the token that it asks for, which is shown this once.',
    arguments: [],
    options: [
      { name: 'expires', value: 'DURATION', summary: 'How long the token is good, such as 1d (the default) or 2h' },
      { name: 'uses', value: 'N', summary: 'How many slaves may join with it (default 1)' },
    ],
    load: () => import('./invite.ts'),
  },
  {
    path: ['slave', 'create-token'],
    summary: 'Make another token for a slave that lost its own, or one for a slave of another make, which cannot join',
    details: 'A Corral slave takes it with `slave config set token TOKEN`, and is started again then. One of another make brings its own id: it is made if there is none with this id. Tokens that the slave had are revoked. Put -- before an id below 0.',
    arguments: [{ name: 'ID', summary: 'Id of the slave, as its config has it' }],
    options: [{ name: 'name', value: 'NAME', summary: 'Name of the slave until it registers with its own' }],
    load: () => import('./create-token.ts'),
  },
  {
    path: ['slave', 'remove'],
    summary: 'Forget slaves and revoke their tokens',
    details: 'Refused while instances are assigned to the slave, unless forced.',
    arguments: [slaves],
    options: [
      { name: 'force', summary: 'Do it although it has instances or is away; the cluster forgets its instances, and what runs there goes on' },
      { name: 'yes', short: 'y', summary: 'Do not ask' },
    ],
    load: () => import('./remove.ts'),
  },
  {
    path: ['slave', 'drain'],
    summary: 'Empty slaves before work on their hosts: they take and start nothing any more',
    details: 'What runs goes on, unless --stop is given. What was wanted of each instance is done again after --off.',
    arguments: [slaves],
    options: [
      { name: 'stop', summary: 'Stop what runs, too' },
      { name: 'message', value: 'TEXT', summary: 'Say this to the players of all games at once' },
      { name: 'grace', value: 'DURATION', summary: 'Time until --stop stops the games (default 30s)' },
      { name: 'off', summary: 'End it: what should run is started' },
    ],
    load: () => import('./drain.ts'),
  },
  {
    path: ['slave', 'accept'],
    summary: 'Let slaves go on from another data directory than before',
    details: 'For a slave whose disk was replaced. It gets its instances anew, stopped and without their data. Only when nothing runs from the old directory any more.',
    arguments: [slaves],
    options: [],
    load: () => import('./accept.ts'),
  },
]
