import { Type } from '@sinclair/typebox'
import { definePlugin, durationField, integerField, jsonField, listField, stringField } from '../../lib/plugin.ts'
import { defaultPaths } from './settings.ts'

const Command = Type.Union([Type.String({ minLength: 1 }), Type.Array(Type.String(), { minItems: 1 })])
const SocketHandler = Type.Object({ socket: Type.String({ minLength: 1 }), command: Type.Optional(Command) }, { additionalProperties: false })
const RequestHandler = Type.Object({ request: Type.String({ minLength: 1 }) }, { additionalProperties: false })

export const plugin = definePlugin({
  name: 'bester',
  version: '1.0.0',
  description: 'Messages from programs to handlers, clients and other servers, over TCP and unix sockets.',
  config: {
    tcp4_port: integerField({ default: 2_223, minimum: 0, maximum: 65_535, description: 'Port over IPv4; 0 turns it off.' }),
    tcp6_port: integerField({ default: 2_224, minimum: 0, maximum: 65_535, description: 'Port over IPv6; 0 turns it off.' }),
    bind: stringField({ default: '127.0.0.1', description: 'Address to listen on; `0.0.0.0` for all. For both families where it says the same in both, or as one address of each with a comma between.' }),
    unix_path: stringField({ default: defaultPaths.unix, description: 'Unix socket for clients; a relative path begins at `plugins/bester` in the data directory, `off` turns it off.' }),
    informer_path: stringField({ default: defaultPaths.informer, description: 'Unix socket at which handlers ask who is connected; as `unix_path`.' }),
    handlers: jsonField({
      default: {},
      schema: Type.Record(Type.String(), Type.Union([SocketHandler, RequestHandler])),
      description: 'Who answers messages, by their type: `{"type": {"socket": PATH, "command"?: COMMAND}}`, or `{"type": {"request": TYPE}}` for a request of the HTTP API.',
    }),
    peers: listField({ default: [], description: 'IP addresses or networks of other servers, whose messages are taken without a login.' }),
    handler_timeout_ms: durationField({ default: 5_000, minimum: 1, description: 'A handler that has not answered within this time has failed; another server that can\'t be reached within it is down.' }),
    max_frame_bytes: integerField({ default: 16_777_216, minimum: 64, maximum: 268_435_456, description: 'Largest message that is accepted, from anybody.' }),
  },
  // Loaded when it is enabled: a master that does not use it does not pay for it.
  master: async (context) => (await import('./master.ts')).openBester(context),
})
