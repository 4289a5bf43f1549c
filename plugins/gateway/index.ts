import { definePlugin, durationField, jsonField, listField, secretField } from '../../lib/plugin.ts'
import { ProviderSettings } from './settings.ts'

export const plugin = definePlugin({
  name: 'gateway',
  version: '1.0.0',
  description: 'Slaves, instances and programs elsewhere as services for WebSocket clients, with a page to try it.',
  config: {
    providers: jsonField({
      default: [], schema: ProviderSettings, isSecret: true,
      description: 'Service providers elsewhere: a list of `{"name", "url", "secret"}`, the address beginning with `ws://`, `wss://` or `tcp://`. `secret` may be left out: with it the gateway proves to the provider who it is.',
    }),
    secret: secretField({ description: 'A token of the cluster: clients that prove to know it without sending it have its permissions at slaves and instances.' }),
    origins: listField({ default: [], description: 'Origins of pages in browsers that may connect, such as `https://play.example`, besides the master\'s own; empty for all. Programs other than browsers are not asked.' }),
    request_timeout_ms: durationField({ default: 5_000, minimum: 10, maximum: 3_600_000, description: 'How long a provider may take to answer.' }),
  },
  webSocketPaths: ['/gateway', '/gateway/'],
  // Loaded when it is enabled: a master that does not use it does not pay for it.
  master: async (context) => (await import('./master.ts')).openGateway(context),
})
