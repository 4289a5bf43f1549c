import { Type } from '@sinclair/typebox'
import type { Static } from '@sinclair/typebox'

/** A group of an instance's configuration that belongs to another program: it is kept, and given back as it came. */
export const ConfigGroup = Type.Object({
  name: Type.String({ maxLength: 255 }),
  fields: Type.Record(Type.String(), Type.Unknown()),
}, { additionalProperties: false })
export type ConfigGroup = Static<typeof ConfigGroup>

export const ConfigGroups = Type.Array(ConfigGroup, {
  maxItems: 1_000,
  description: 'Groups of configuration that other programs keep with the instance; of the groups `instance` and `corral`, the fields that are not Corral\'s',
})

/** An instance's configuration in the base dialect (`protocols/link.md`, Catalogue). */
export const SerializedConfig = Type.Object({ groups: Type.Array(ConfigGroup, { maxItems: 1_000 }) }, { additionalProperties: false })
export type SerializedConfig = Static<typeof SerializedConfig>

/** The template of instances that another program runs by rules of its own: Corral knows nothing of their game. */
export const foreignTemplate = 'foreign'

/** What instances get that are made without saying it. */
export const settingDefaults = { restart_policy: 'on-failure', console_limit_bytes: 64 * 1024 * 1024 } as const
