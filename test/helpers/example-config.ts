import { Type } from '@sinclair/typebox'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { defineConfig, configFileName } from '../../lib/config/definition.ts'
import { booleanField, choiceField, integerField, listField, secretField, stringField } from '../../lib/config/fields.ts'
import { jsonField } from '../../lib/config/json-field.ts'
import { loadConfig } from '../../lib/config/load.ts'
import type { Cleanups } from './cleanups.ts'
import { temporaryDirectory } from './temp-directory.ts'

const roots = Type.Array(Type.Object({ path: Type.String(), quota: Type.Optional(Type.Integer()) }, { additionalProperties: false }))

/** A definition with a field of every kind. */
export const exampleDefinition = defineConfig({
  program: 'master',
  fields: {
    http_port: integerField({ default: 8080, minimum: 0, maximum: 65535, description: 'Port of the HTTP server.' }),
    name: stringField({ description: 'Name of the cluster.' }),
    log_level: choiceField({ choices: ['error', 'warn', 'info'], default: 'info', description: 'Least severe level | that is logged.' }),
    'limits.max_frame_bytes': integerField({ default: 1_048_576, minimum: 1024, description: 'Largest frame that is read.' }),
    'concierge.enabled': booleanField({ default: false, description: 'Whether the concierge door is open.' }),
    trusted_proxies: listField({ default: [], description: 'Addresses of proxies.' }),
    roots: jsonField({ schema: roots, default: [{ path: '/srv' }], description: 'Where files are.' }),
    bootstrap_token: secretField({ description: 'Token of the first operator.' }),
    cluster_id: stringField({ isInternal: true, description: 'Identity of the cluster.' }),
  },
})

/** A config file of its own for a test, not there until something is put into it. */
export async function exampleConfig(cleanups: Cleanups) {
  const directory = await temporaryDirectory(cleanups)
  const file = join(directory, configFileName('master'))
  return {
    directory,
    file,
    load: (env: Record<string, string> = {}) => loadConfig(exampleDefinition, { file, env }),
    /** Writes a text as it is, anything else as JSON. */
    async put(content: unknown, mode = 0o600): Promise<void> {
      await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content))
      await chmod(file, mode)
    },
    stored: async (): Promise<unknown> => JSON.parse(await readFile(file, 'utf8')),
  }
}
