import { booleanField, choiceField, definePlugin, durationField, integerField, secretField } from '../../lib/plugin.ts'

export const plugin = definePlugin({
  name: 'concierge',
  version: '1.0.0',
  description: 'Messages between named clients and groups over WebSocket, with a file server.',
  config: {
    dialect: choiceField({ choices: ['document', 'original'], default: 'document', description: 'Words of the wire where the protocol\'s document and the original programs differ.' }),
    secret: secretField({ description: 'What clients must give as `secret`; without it none is expected.' }),
    instances: booleanField({ default: false, description: 'Whether instances are peers, with a group `instance_<name>` for what happens in each.' }),
    message_bytes: integerField({ default: 1_048_576, minimum: 1_024, maximum: 268_435_456, description: 'Largest message that is accepted; a larger one ends its connection.' }),
    list_bytes: integerField({ default: 4_194_304, minimum: 65_536, maximum: 268_435_456, description: 'Largest list of groups with their subscribers, or of clients, as JSON; groups and subscriptions beyond are refused.' }),
    heartbeat_ms: durationField({ default: 30_000, minimum: 50, maximum: 3_600_000, description: 'A connection that has not answered a ping for this long is ended.' }),
    max_file_bytes: integerField({ default: 2_097_152, minimum: 0, description: 'Largest file that the file server takes.' }),
    max_total_bytes: integerField({ default: 1_073_741_824, minimum: 0, description: 'Disk space for the files of all clients together.' }),
  },
  webSocketPaths: ['/ws'],
  // Loaded when it is enabled: a master that does not use it does not pay for it.
  master: async (context) => (await import('./master.ts')).openConcierge(context),
})
