import type { ArgumentSpec, CommandSpec, OptionSpec } from '../../command.ts'
import { consoleCommands } from './console-table.ts'

export const oneInstance: ArgumentSpec = { name: 'NAME', summary: 'Name or id of the instance', completes: 'instance' }
const instances: ArgumentSpec = { name: 'NAME', summary: 'Names or ids of instances', isMany: true, completes: 'instance' }
const wait: OptionSpec = { name: 'wait', summary: 'Wait until it is done, not only until it is on record' }

export const instanceCommands: readonly CommandSpec[] = [
  {
    path: ['instance', 'list'],
    summary: 'List all instances with their state',
    arguments: [],
    options: [],
    base: {},
    load: () => import('./list.ts'),
  },
  {
    path: ['instance', 'show'],
    summary: 'Show instances in full',
    arguments: [instances],
    options: [],
    base: {},
    load: () => import('./show.ts'),
  },
  {
    path: ['instance', 'create'],
    summary: 'Make an instance from a template',
    details: 'Without --slave it goes to the connected slave with the fewest instances.',
    arguments: [{ name: 'NAME', summary: 'Name of the new instance' }],
    options: [
      { name: 'template', value: 'TEMPLATE', summary: 'Template to make it from; see `ctl template list`' },
      { name: 'slave', value: 'SLAVE', summary: 'Name or id of the slave that shall run it' },
      { name: 'set', value: 'VAR=VALUE', isMany: true, summary: 'Value of a variable of the template; may be repeated' },
      { name: 'port', value: 'PORT=NUMBER', isMany: true, summary: 'Number of a port of the template, such as game=8303; may be repeated' },
      { name: 'restart', value: 'POLICY', choices: ['never', 'on-failure', 'always'], summary: 'When it is started again after its end (default on-failure)' },
      { name: 'start', summary: 'Start it at once' },
      { ...wait, summary: 'With --start: wait until it runs' },
    ],
    base: {},
    load: () => import('./create.ts'),
  },
  { path: ['instance', 'start'], summary: 'Start instances', arguments: [instances], options: [wait], base: {}, load: () => import('./start.ts') },
  {
    path: ['instance', 'stop'],
    summary: 'Stop instances',
    details: 'Asks the game first, then ends it with SIGTERM and SIGKILL, each after the template\'s grace.',
    arguments: [instances],
    options: [wait],
    base: {},
    load: () => import('./stop.ts'),
  },
  { path: ['instance', 'restart'], summary: 'Stop instances and start them again', arguments: [instances], options: [wait], load: () => import('./restart.ts') },
  {
    path: ['instance', 'save'],
    summary: 'Have instances save their worlds',
    details: 'A game that runs saves as its template says. For one that is stopped, what it starts from is made where there is none, such as a new world.',
    arguments: [instances],
    options: [],
    base: {},
    load: () => import('./save.ts'),
  },
  {
    path: ['instance', 'assign'],
    summary: 'Give an instance to a slave',
    details: 'One that has a slave already must be stopped; its data stays there, and is found again when the instance is assigned back.',
    arguments: [oneInstance, { name: 'SLAVE', summary: 'Name or id of the slave', completes: 'slave' }],
    options: [],
    base: {},
    load: () => import('./assign.ts'),
  },
  {
    path: ['instance', 'kill'],
    summary: 'End instances at once, without asking the game',
    arguments: [instances],
    options: [],
    load: () => import('./kill.ts'),
  },
  {
    path: ['instance', 'delete'],
    summary: 'Delete instances with their data',
    details: 'Slaves that had an instance before delete what they have of it, too, now or when they come back. Asks for confirmation at a terminal; elsewhere --yes is needed.',
    arguments: [instances],
    options: [
      { name: 'yes', short: 'y', summary: 'Do not ask' },
      { name: 'force', summary: 'Delete it although its slave is away; the slave deletes it when it comes back' },
    ],
    base: { lacks: ['force'] },
    load: () => import('./delete.ts'),
  },
  ...consoleCommands,
  {
    path: ['instance', 'config', 'get'],
    summary: 'Show an instance\'s configuration, or one field of it',
    details: 'Passwords and other secrets show as ********, unless --secrets is given.',
    arguments: [oneInstance, { name: 'FIELD', summary: 'Such as variables.sv_name or ports.game', isOptional: true }],
    options: [{ name: 'secrets', summary: 'Show secrets, too, where the token may change the configuration' }],
    base: {},
    load: () => import('./config-get.ts'),
  },
  {
    path: ['instance', 'config', 'set'],
    summary: 'Set a field of an instance\'s configuration',
    details: 'Fields: name, restart_policy, console_limit_bytes, variables.NAME, ports.NAME. The first two take effect at once, the others at the next start.',
    arguments: [
      oneInstance,
      { name: 'FIELD', summary: 'Such as variables.sv_name or ports.game' },
      { name: 'VALUE', summary: 'The new value', isOptional: true },
    ],
    options: [{ name: 'unset', summary: 'Put the default back instead of a value' }],
    base: {},
    load: () => import('./config-set.ts'),
  },
]
