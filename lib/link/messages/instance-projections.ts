import { Type } from '@sinclair/typebox'
import type { Static } from '@sinclair/typebox'
import type { Projection, RequestProjection } from '../define.ts'
import { isSecretVariable } from '../../template/variables.ts'
import { fits } from '../validate.ts'
import { foreignTemplate, SerializedConfig, settingDefaults } from './config-groups.ts'
import { Assignment } from './instance-shapes.ts'
import type { InstanceConfig, InstanceInfo, InstanceState } from './instance-shapes.ts'
import { asItIs } from './projections.ts'
import { decodeConfig, encodeConfig, groupedField, groupsKept, withGroupValue } from './serialized-config.ts'
import { Empty, GivenName, InstanceId, nullable, SlaveId, strict } from './shapes.ts'
import type { InstanceStatus } from './shapes.ts'

export const instanceOnly = strict({ instance_id: InstanceId })
const serialized = strict({ serialized_config: SerializedConfig })
const numberedSerialized = strict({ instance_id: InstanceId, serialized_config: SerializedConfig })
const InstanceItem = strict({ name: Type.String(), id: InstanceId, assigned_slave: nullable(SlaveId) })
const fieldCommand = strict({ instance_id: InstanceId, field: Type.String({ maxLength: 255 }), value: Type.String({ maxLength: 65_536 }) })
const broughtInstances = strict({ instances: Type.Array(serialized) })
type Named = Static<typeof instanceOnly>
type Field = Omit<Static<typeof fieldCommand>, 'value'> & { value: string | null }
type NewInstance = Partial<Omit<InstanceConfig, 'name' | 'template'>> & Pick<InstanceConfig, 'name' | 'template'>
type Brought = { instances: Array<{ instance: Assignment; serialized?: SerializedConfig; state?: InstanceState }>; draining: boolean }

/** Start and stop are answered when the work is done, with nothing in the answer. */
export function baseAwaited(status: InstanceStatus): RequestProjection<Named & { wait?: boolean }, { status: InstanceStatus }> {
  return {
    request: { ...asItIs(instanceOnly), decode: ({ instance_id }: Named) => ({ instance_id, wait: true }) },
    response: { ...asItIs(Empty), decode: () => ({ status }) },
  }
}

/** What is known of an instance whose state nobody tells. */
const untold: InstanceState = {
  desired: 'stopped', status: 'unknown', run: null, pid: null, ports: {}, started_at: null, players: [], last_exit: null, problem: null,
}

export const baseList: RequestProjection<object, { list: InstanceInfo[] }> = {
  request: asItIs(Empty),
  response: {
    schema: strict({ list: Type.Array(InstanceItem) }),
    encode: ({ list }) => ({ list: list.map(({ name, id, slave_id }) => ({ name, id, assigned_slave: slave_id })) }),
    decode: ({ list }: { list: Array<Static<typeof InstanceItem>> }) => ({
      list: list.map(({ name, id, assigned_slave: slaveId }) => ({
        id, name, template: foreignTemplate, slave_id: slaveId, slave: slaveId === null ? null : String(slaveId), ...untold,
      })),
    }),
  },
}

export const baseCreation: RequestProjection<NewInstance, { instance?: InstanceInfo }> = {
  request: {
    schema: serialized,
    encode: (config) => ({ serialized_config: encodeConfig(config) }),
    // Whether the values make sense is checked as for any other creation, with an answer that says what is wrong.
    decode: ({ serialized_config: config }: Static<typeof serialized>) => decodeConfig(config) as NewInstance,
  },
  response: { ...asItIs(Empty), decode: () => ({}) },
}

/** Nobody can force it in this dialect, and what is deleted is to stay deleted: a slave that is away is told when it is back. */
export const baseDeletion: RequestProjection<Named & { force?: boolean }, object> = {
  request: { ...asItIs(instanceOnly), decode: ({ instance_id }: Named) => ({ instance_id, force: true }) },
  response: asItIs(Empty),
}

export const baseConfig: RequestProjection<Named & { secrets?: boolean; stored?: boolean }, { config: InstanceConfig }> = {
  // Whoever asks in this dialect has no other way to say what he wants to see: what he once gave, word for word.
  request: { ...asItIs(instanceOnly), decode: ({ instance_id }: Named) => ({ instance_id, secrets: true, stored: true }) },
  response: {
    schema: serialized,
    encode: ({ config }) => ({ serialized_config: encodeConfig(config) }),
    decode: ({ serialized_config: config }: Static<typeof serialized>) => ({ config: { ...blank, ...decodeConfig(config) } as InstanceConfig }),
  },
}

export const baseField: RequestProjection<Field, { config?: InstanceConfig }> = {
  request: {
    schema: fieldCommand,
    encode: ({ instance_id, field, value }) => ({ instance_id, field: groupedField(field), value: value ?? '' }),
    decode: ({ value, ...what }: Static<typeof fieldCommand>) => ({ ...what, value: value === '' ? null : value }),
  },
  response: { ...asItIs(Empty), decode: () => ({}) },
}

export const baseAssignment: RequestProjection<{ instance: Assignment; serialized?: SerializedConfig }, { state?: InstanceState }> = {
  request: {
    schema: numberedSerialized,
    encode: ({ instance }) => ({ instance_id: instance.id, serialized_config: encodeConfig(instance) }),
    decode: ({ instance_id: id, serialized_config: config }: Static<typeof numberedSerialized>) => ({ instance: readAssignment(config, id), serialized: config }),
  },
  response: { ...asItIs(Empty), decode: () => ({}) },
}

export const baseBrought: Projection<Brought> = {
  schema: broughtInstances,
  encode: ({ instances }) => ({ instances: instances.map(({ instance, serialized: given }) => ({ serialized_config: given ?? encodeConfig(withoutSecrets(instance)) })) }),
  decode: ({ instances }: Static<typeof broughtInstances>) => ({
    instances: instances.flatMap(({ serialized_config: config }) => broughtInstance(config)),
    draining: false,
  }),
}

const blank = { ...settingDefaults, variables: {}, ports: {} }

/** One that can't be used as it is must not cost the others. */
function broughtInstance(config: SerializedConfig): Brought['instances'] {
  const { id } = decodeConfig(config)
  return fits(InstanceId, id) ? [{ instance: readAssignment(config, id) }] : []
}

/** What Corral can't read of an instance is only kept. */
function readAssignment(config: SerializedConfig, id: number): Assignment {
  const read = { ...blank, ...decodeConfig(config), id }
  if (fits(Assignment, read)) return read
  const { name, slave_id: slaveId } = read
  const hasName = fits(GivenName, name)
  return {
    ...blank, id,
    name: hasName ? name : `instance-${id}`,
    slave_id: fits(SlaveId, slaveId) ? slaveId : null,
    template: foreignTemplate,
    config_groups: hasName || name === undefined ? groupsKept(config) : withGroupValue(groupsKept(config), 'instance', 'name', name),
  }
}

/** Other makers' masters show configurations to whoever asks; the slave keeps the secrets of its games itself. */
function withoutSecrets({ template, variables, ...rest }: Assignment): Assignment {
  if (typeof template === 'string') return { ...rest, template, variables }
  return { ...rest, template, variables: Object.fromEntries(Object.entries(variables).filter(([name]) => !isSecretVariable(template, name))) }
}
