import type { Template } from '../../template/schema.ts'
import { foreignTemplate, settingDefaults } from './config-groups.ts'
import type { ConfigGroup, SerializedConfig } from './config-groups.ts'
import type { InstanceConfig } from './instance-shapes.ts'

type Fields = ConfigGroup['fields']

/** What of an instance's configuration travels in groups; of a template only its id. */
interface Configured extends Partial<Omit<InstanceConfig, 'template'>> {
  readonly template: Template | string
}

/** Writes a configuration as groups: `instance`, `corral` (not for a foreign instance), and those that were kept. */
export function encodeConfig(config: Configured): SerializedConfig {
  const known = new Map<string, Fields>([['instance', { name: config.name, id: config.id, assigned_slave: config.slave_id ?? null }]])
  const template = typeof config.template === 'string' ? config.template : config.template.id
  if (template !== foreignTemplate) known.set('corral', corralFields(config, template))
  const kept = new Map((config.config_groups ?? []).map(({ name, fields }) => [name, fields]))
  // Where the places of all of ours were kept, they stand there; else they come first.
  const hasPlaces = [...known.keys()].every((name) => kept.has(name))
  const names = new Set([...(hasPlaces ? [] : known.keys()), ...kept.keys()])
  return { groups: [...names].map((name) => ({ name, fields: { ...known.get(name), ...kept.get(name) } })) }
}

/** Without what is at its default: who was given a configuration gives back the same. */
function corralFields({ restart_policy, console_limit_bytes, variables = {}, ports = {} }: Configured, template: string): Fields {
  const settings = Object.entries({ restart_policy, console_limit_bytes }).filter(([name, value]) => value !== undefined && value !== settingDefaults[name as keyof typeof settingDefaults])
  return { template, ...Object.fromEntries(settings), ...prefixed('variables.', variables), ...prefixed('ports.', ports) }
}

function prefixed(prefix: string, values: Readonly<Record<string, unknown>>): Fields {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [prefix + name, value]))
}

const ownFields = {
  instance: /^(?:name|id|assigned_slave)$/,
  corral: /^(?:template|restart_policy|console_limit_bytes|variables\..*|ports\..*)$/s,
}

/** Whether a field of a group is Corral's, and so is not kept with the others' fields. */
export function isOwnField(group: string, field: string): boolean {
  return Object.hasOwn(ownFields, group) && (ownFields as Record<string, RegExp>)[group]?.test(field) === true
}

/** The same configuration with each group once, its fields put together. */
function merged({ groups }: SerializedConfig): Map<string, Fields> {
  const byName = new Map<string, Fields>()
  for (const { name, fields } of groups) byName.set(name, { ...byName.get(name), ...fields })
  return byName
}

/**
 * Reads groups. A field that is not there, or null, is not there here; whether the others are what they should be, the
 * reader checks. Texts stand for numbers where only a number makes sense: in the base dialect fields are set as texts.
 */
export function decodeConfig(config: SerializedConfig): Configured {
  const byName = merged(config)
  const instance = byName.get('instance') ?? {}
  const corral = byName.get('corral') ?? {}
  const kept = groupsKept(config)
  return {
    ...given('name', instance['name']),
    ...given('id', instance['id']),
    slave_id: (instance['assigned_slave'] ?? null) as number | null,
    template: (corral['template'] ?? foreignTemplate) as string,
    ...given('restart_policy', corral['restart_policy']),
    ...given('console_limit_bytes', asNumber(corral['console_limit_bytes'])),
    ...given('variables', unprefixed('variables.', corral, (value) => value)),
    ...given('ports', unprefixed('ports.', corral, asNumber)),
    ...(kept.length > 0 ? { config_groups: kept } : {}),
  }
}

/** What of the groups is not Corral's: fields of others, in their groups. Where ours do not come first, their places are kept too. */
export function groupsKept(config: SerializedConfig): ConfigGroup[] {
  const groups = [...merged(config)].map(([name, fields]) => ({
    name,
    fields: Object.fromEntries(Object.entries(fields).filter(([field]) => !isOwnField(name, field))),
  }))
  const ours = Object.keys(ownFields).filter((own) => groups.some(({ name }) => name === own))
  if (!ours.every((own, index) => groups[index]?.name === own)) return groups
  return groups.filter(({ name, fields }) => !ours.includes(name) || Object.keys(fields).length > 0)
}

/** The groups with one field set. A new group comes last, but for `instance`, which begins a configuration. */
export function withGroupValue(groups: readonly ConfigGroup[], group: string, field: string, value: unknown): ConfigGroup[] {
  const found = groups.find(({ name }) => name === group)
  const changed: ConfigGroup = { name: group, fields: { ...found?.fields, [field]: value } }
  if (found) return groups.map((each) => (each === found ? changed : each))
  return group === 'instance' ? [changed, ...groups] : [...groups, changed]
}

/** The groups without a field that was kept in one of them. */
export function withoutGroupValue(groups: readonly ConfigGroup[], group: string, field: string): ConfigGroup[] {
  return groups.map(({ name, fields }) => ({ name, fields: name === group ? Object.fromEntries(Object.entries(fields).filter(([key]) => key !== field)) : fields }))
}

/** A field of ours by the name that it has in its group; others have the name of their group in theirs. */
export function groupedField(field: string): string {
  if (field === 'name') return 'instance.name'
  return ownFields.corral.test(field) ? `corral.${field}` : field
}

/** The other way: `corral.variables.x` is our `variables.x`. */
export function ungroupedField(field: string): string {
  if (field === 'instance.name') return 'name'
  return field.startsWith('corral.') ? field.slice('corral.'.length) : field
}

function given(name: string, value: unknown): object {
  return value === undefined || value === null ? {} : { [name]: value }
}

function unprefixed(prefix: string, fields: Fields, read: (value: unknown) => unknown): Fields {
  const found = Object.entries(fields).filter(([name, value]) => name.startsWith(prefix) && value !== null)
  return Object.fromEntries(found.map(([name, value]) => [name.slice(prefix.length), read(value)]))
}

function asNumber(value: unknown): unknown {
  return typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value
}
