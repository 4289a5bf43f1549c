import { defineConfig } from '../lib/config/definition.ts'
import { dialectField } from '../lib/config/dialect-field.ts'
import { choiceField, durationField, integerField, secretField, stringField } from '../lib/config/fields.ts'
import { linkFields } from '../lib/config/link-fields.ts'

/** Of the directories above the games' own: a game that runs as another user passes through them. */
export const dataDirectoryMode = 0o711

export const slaveConfig = defineConfig({
  program: 'slave',
  fields: {
    master_url: stringField({ description: 'Address of the master.' }),
    token: secretField({ description: 'The token that the slave registers with; `slave join` writes it.' }),
    tls_ca: stringField({ description: 'PEM file of a certificate authority to trust beside the system\'s own.' }),
    id: integerField({ description: 'Id of the slave in the cluster; `slave join` writes it.' }),
    name: stringField({ description: 'Name of the slave in the cluster.' }),
    dialect: dialectField,
    templates_directory: stringField({ description: 'Directory of your own templates, for instances whose master sends none (`dialect` is `base`); they go before built-in ones of the same id.' }),
    data_directory: stringField({ default: 'slave-data', description: 'Where instances are kept. A relative path begins at the config file\'s directory.' }),
    run_as: stringField({ description: 'System user that games run as when the slave is root.' }),
    port_first: integerField({ default: 28_000, minimum: 1, maximum: 65_535, description: 'First port that instances are given.' }),
    port_last: integerField({ default: 28_999, minimum: 1, maximum: 65_535, description: 'Last port that instances are given.' }),
    kept_runs: integerField({ default: 10, minimum: 1, maximum: 1_000, description: 'Consoles of this many runs are kept of each instance.' }),
    'restart.base_ms': durationField({ default: 1_000, minimum: 0, description: 'Longest wait before the first restart of a game that ended; it doubles with each.' }),
    'restart.cap_ms': durationField({ default: 60_000, minimum: 0, description: 'Longest wait before any restart.' }),
    'restart.attempts': integerField({ default: 10, minimum: 0, description: 'Restarts within the window; after them the instance is left crashed.' }),
    'restart.window_ms': integerField({ default: 600_000, minimum: 1, description: 'The time in which restarts are counted.' }),
    'reconnect.base_ms': durationField({ default: 250, minimum: 1, description: 'Longest wait before the first try to reach a master that was lost; it doubles with each.' }),
    'reconnect.cap_ms': durationField({ default: 15_000, minimum: 1, description: 'Longest wait before any try to reach the master.' }),
    log_level: choiceField({ choices: ['error', 'warn', 'info', 'debug'], default: 'info', description: 'Least important messages that are logged.' }),
    log_format: choiceField({ choices: ['text', 'json'], default: 'text', description: 'Form of the log.' }),
    ...linkFields,
  },
  conflict: ({ port_first: first, port_last: last }) => (
    first > last ? `no port is in the range from port_first (${first}) to port_last (${last}); set one of them anew` : undefined
  ),
})
