import { ClusterError } from '../../lib/plugin.ts'
import type { CtlCommand } from '../../lib/plugin.ts'
import * as messages from './messages.ts'

/** `ctl plugin global-chat say TEXT...` */
export const say: CtlCommand = {
  path: ['say'],
  summary: 'Say something in all games that take part',
  arguments: [{ name: 'TEXT', summary: 'What is said; several words are one text', isMany: true }],
  run: async ({ args, send, print, fail }) => {
    const { said, failed } = await send(messages.say, { text: args.words('TEXT').join(' ') })
    for (const { instance, message } of failed) fail(new ClusterError('console_unavailable', message), instance)
    await print({ said, failed }, () => said.map((name) => `${name}: said\n`).join(''))
  },
}

/** `ctl plugin global-chat history NAME` */
export const history: CtlCommand = {
  path: ['history'],
  summary: 'Show what players said last in a game',
  details: 'The game\'s slave remembers the last 100 lines; a slave that is started anew begins anew.',
  arguments: [{ name: 'NAME', summary: 'Instance, by name or id', completes: 'instance' }],
  options: [{ name: 'player', value: 'NAME', summary: 'Only what this player said' }],
  run: async ({ args, send, instance, printList }) => {
    const { id, name } = await instance(args.word('NAME'))
    const { lines } = await send(messages.history, { instance_id: id })
    const player = args.text('player')
    await printList(player === undefined ? lines : lines.filter((line) => line.player === player), [
      { title: 'AT', value: ({ at }) => at },
      { title: 'PLAYER', value: (line) => line.player },
      { title: 'TEXT', value: ({ text }) => text },
    ], `Nobody has said anything in ${name}`)
  },
}
