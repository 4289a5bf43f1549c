import { Type } from '@sinclair/typebox'
import type { Static } from '@sinclair/typebox'
import { ClusterError } from '../../lib/plugin.ts'

export const ProviderSettings = Type.Array(Type.Object({
  name: Type.String({ minLength: 1, maxLength: 100, pattern: '^[^\\x00-\\x1f\\x7f]+$' }),
  url: Type.String({ minLength: 1, maxLength: 2_048 }),
  secret: Type.Optional(Type.String({ minLength: 1, maxLength: 1_024 })),
}, { additionalProperties: false }), { maxItems: 1_000 })

export type ProviderSetting = Static<typeof ProviderSettings>[number]

/** The plugin's config fields, under their short names. */
export interface GatewayConfig {
  readonly providers: readonly ProviderSetting[]
  readonly secret: string | undefined
  readonly origins: readonly string[]
  readonly request_timeout_ms: number
}

/** Throws `invalid_config` unless all names differ and all addresses can be dialled. */
export function checkProviders(providers: readonly ProviderSetting[]): void {
  const names = new Set<string>()
  for (const { name, url } of providers) {
    if (names.has(name)) throw new ClusterError('invalid_config', `gateway.providers: two providers are called "${name}"; give each a name of its own`)
    names.add(name)
    if (!isDialable(url)) {
      throw new ClusterError('invalid_config', `gateway.providers: the address of "${name}" can't be dialled; write one such as ws://host:8080/path or tcp://host:9000`)
    }
  }
}

function isDialable(url: string): boolean {
  if (!URL.canParse(url)) return false
  const { protocol, hostname, port, hash } = new URL(url)
  if (hostname === '' || hash !== '') return false
  return protocol === 'tcp:' ? port !== '' : protocol === 'ws:' || protocol === 'wss:'
}
