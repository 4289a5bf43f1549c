import { dirname, resolve } from 'node:path'
import { defineConfig } from '../lib/config/definition.ts'
import { choiceField, durationField, integerField, listField, stringField } from '../lib/config/fields.ts'
import { jsonField } from '../lib/config/json-field.ts'
import type { Values } from '../lib/config/field.ts'
import { linkFields } from '../lib/config/link-fields.ts'
import type { MasterLimits } from './master.ts'
import { defaultReplies, FixedReplies } from './plugins/fixed-replies.ts'

export const masterConfig = defineConfig({
  program: 'master',
  fields: {
    data_directory: stringField({ default: 'data', description: 'Where the database is kept. A relative path begins at the config file\'s directory.' }),
    http_port: integerField({ default: 8080, minimum: 0, maximum: 65_535, description: 'Port of the one HTTP server that all doors share; 0 takes any free one.' }),
    bind: stringField({ default: '127.0.0.1', description: 'Address to listen on; `0.0.0.0` for all.' }),
    public_url: stringField({ description: 'How other hosts reach this master, when that is not the address that it listens on.' }),
    tls_cert: stringField({ description: 'PEM file of the TLS certificate; with it the master serves HTTPS.' }),
    tls_key: stringField({ description: 'PEM file of the TLS key.' }),
    plugin_packages: listField({ default: [], description: 'npm packages of plugins; `master plugin install PACKAGE` writes it.' }),
    templates_directory: stringField({ description: 'Directory of your own templates; they go before built-in ones of the same id.' }),
    log_level: choiceField({ choices: ['error', 'warn', 'info', 'debug'], default: 'info', description: 'Least important messages that are logged.' }),
    log_format: choiceField({ choices: ['text', 'json'], default: 'text', description: 'Form of the log.' }),
    ...linkFields,
    'base.plugin_replies': jsonField({
      schema: FixedReplies,
      default: defaultReplies,
      description: 'Answers to plugin requests of slaves that speak the base dialect, for plugins that the master lacks: the data of the answer by type, such as `{"storage:get": {"items": []}}`. A text `{request.FIELD}` stands for that field of the request.',
    }),
    'limits.message_bytes': integerField({ default: 4_194_304, minimum: 1_024, maximum: 1_073_741_824, description: 'Largest message or request body that is accepted.' }),
    'limits.slave_message_bytes': integerField({ default: 67_108_864, minimum: 1_024, maximum: 1_073_741_824, description: 'The same for slaves that have registered, where it is more: one that connects tells in one message all that it has.' }),
    'limits.handshake_ms': durationField({ default: 10_000, minimum: 10, description: 'A new connection must have registered within this time.' }),
    'limits.requests_in_flight': integerField({ default: 1_000, minimum: 1, description: 'Requests that one link may have open at once.' }),
    'limits.unauthenticated_connections': integerField({ default: 1_000, minimum: 1, description: 'Connections of one address, at all doors, that have not shown who they are.' }),
    'limits.unauthenticated_bytes': integerField({ default: 67_108_864, minimum: 65_536, description: 'What is kept of unfinished WebSocket messages of all connections that have not shown who they are; beyond it the one with most is ended.' }),
    'limits.failed_logins_per_minute': integerField({ default: 60, minimum: 1, description: 'Failed logins of one address, at all doors, before what it tries is refused for the rest of the minute; a good token is always let in.' }),
    'limits.messages_per_second': integerField({ default: 20_000, minimum: 10, description: 'Messages that are read from one link in a second; who sends more is read more slowly.' }),
    'limits.subscriber_buffer_bytes': integerField({ default: 1_048_576, minimum: 65_536, description: 'A subscriber of a door with more than this unsent is left out or closed, as the door says.' }),
    'limits.follower_buffer_bytes': integerField({ default: 4_194_304, minimum: 65_536, description: 'A follower of consoles with more than this unsent is skipped until it has caught up.' }),
  },
})

/** A path from the config, as seen from the config file's directory. */
export function configPath(configFile: string, path: string): string {
  return resolve(dirname(configFile), path)
}

/** The limits out of a config, as the master takes them. */
export function masterLimits(values: Values<typeof masterConfig.fields>): MasterLimits {
  return {
    messageBytes: values['limits.message_bytes'],
    slaveMessageBytes: values['limits.slave_message_bytes'],
    handshakeMs: values['limits.handshake_ms'],
    requestsInFlight: values['limits.requests_in_flight'],
    messagesPerSecond: values['limits.messages_per_second'],
    followerBufferBytes: values['limits.follower_buffer_bytes'],
    subscriberBufferBytes: values['limits.subscriber_buffer_bytes'],
    unauthenticatedConnections: values['limits.unauthenticated_connections'],
    unauthenticatedBytes: values['limits.unauthenticated_bytes'],
    failedLoginsPerMinute: values['limits.failed_logins_per_minute'],
  }
}
