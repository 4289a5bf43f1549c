import { definePlugin, listField, stringField } from '../../lib/plugin.ts'
import { relayChat } from './master.ts'

export const plugin = definePlugin({
  name: 'global-chat',
  version: '1.0.0',
  description: 'What players say in one game appears in the others.',
  config: {
    format: stringField({ default: '[{instance}] {player}: {text}', description: 'What the other games show; `{instance}`, `{player}` and `{text}` are filled in.' }),
    instances: listField({ default: [], description: 'Names of the instances that take part; empty means all.' }),
  },
  master: relayChat,
})
