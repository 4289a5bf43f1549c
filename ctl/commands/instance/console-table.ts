import type { ArgumentSpec, CommandSpec } from '../../command.ts'

const oneInstance: ArgumentSpec = { name: 'NAME', summary: 'Name or id of the instance', completes: 'instance' }

/** The commands that deal with what instances print and read. */
export const consoleCommands: readonly CommandSpec[] = [
  {
    path: ['instance', 'send'],
    summary: 'Send a line to an instance\'s console',
    details: 'Several words are one line. Put -- before a line that has words that begin with "-".',
    arguments: [oneInstance, { name: 'LINE', summary: 'The line', isMany: true }],
    options: [],
    base: {},
    load: () => import('./send.ts'),
  },
  {
    path: ['instance', 'console'],
    summary: 'Follow an instance\'s console and type into it',
    details: [
      'Prints the last lines, then everything as it comes, from run to run. What is typed is sent line by line.',
      'Ctrl-C or Ctrl-D leaves; the game stays. When stdin is no terminal, all its lines are sent and following goes on after',
      'its end, unless --exit-on-eof is given: then ctl ends once the lines are sent and the game has printed nothing more for half a',
      'second, after 5 s at the latest.',
    ].join('\n'),
    arguments: [oneInstance],
    options: [
      { name: 'tail', value: 'LINES', summary: 'Begin this many lines before the end (default 20)' },
      { name: 'exit-on-eof', summary: 'End when stdin does' },
    ],
    base: { lacks: ['tail'] },
    load: () => import('./console.ts'),
  },
  {
    path: ['instance', 'logs'],
    summary: 'Print what an instance has printed',
    details: [
      'Without --run it is the newest run. Bytes come out as the game wrote them; with -o json there is one object a line,',
      '{run, offset, text|base64}. With -f it goes on with what comes, also in later runs.',
    ].join('\n'),
    arguments: [oneInstance],
    options: [
      { name: 'run', value: 'N', summary: 'Number of the run' },
      { name: 'from', value: 'OFFSET', summary: 'Begin at this byte of the run' },
      { name: 'tail', value: 'LINES', summary: 'Begin this many lines before the end of the run' },
      { name: 'follow', short: 'f', summary: 'Go on with what is printed from now on' },
      { name: 'runs', summary: 'List the runs whose output is kept, instead' },
    ],
    load: () => import('./logs.ts'),
  },
]
