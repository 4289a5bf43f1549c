import { definePlugin, listField, stringField } from '../../lib/plugin.ts'
import { history as historyCommand, say as sayCommand } from './ctl.ts'
import { keepHistory } from './instance.ts'
import { relayChat } from './master.ts'
import { history, say } from './messages.ts'
import { relayAlone } from './slave.ts'

export const plugin = definePlugin({
  name: 'global-chat',
  version: '1.1.0',
  description: 'What players say in one game appears in the others.',
  config: {
    format: stringField({ default: '[{instance}] {player}: {text}', description: 'What the other games show; `{instance}`, `{player}` and `{text}` are filled in.' }),
    instances: listField({ default: [], description: 'Names of the instances that take part; empty means all.' }),
  },
  messages: [say, history],
  master: relayChat,
  slave: relayAlone,
  instance: keepHistory,
  ctl: [sayCommand, historyCommand],
})
