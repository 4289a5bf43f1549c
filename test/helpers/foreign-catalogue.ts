import { Ajv } from 'ajv'

// The base dialect as `protocols/link.md` has it, written down a second time on purpose: what our definitions say must
// not be held against themselves.

type Schema = object
interface ForeignRequest { readonly links: readonly string[]; readonly data: Schema; readonly response: Schema }
interface ForeignEvent { readonly links: readonly string[]; readonly data: Schema }

const integer = { type: 'integer' }
const text = { type: 'string' }
const list = (items: Schema): Schema => ({ type: 'array', items })

/** An object with exactly these properties; those whose name ends in `?` may be missing. */
function exactly(properties: Readonly<Record<string, Schema>>): Schema {
  const entries = Object.entries(properties)
  return {
    type: 'object',
    additionalProperties: false,
    required: entries.filter(([name]) => !name.endsWith('?')).map(([name]) => name),
    properties: Object.fromEntries(entries.map(([name, schema]) => [name.replace('?', ''), schema])),
  }
}

const serializedConfig = exactly({ groups: list(exactly({ name: text, fields: { type: 'object' } })) })
const instanceOnly = exactly({ instance_id: integer })
const nothing = exactly({})
const toInstance = ['control-master', 'master-slave', 'slave-instance']

const requests: Readonly<Record<string, ForeignRequest>> = {
  list_slaves: {
    links: ['control-master'], data: nothing,
    response: exactly({ list: list(exactly({ agent: text, version: text, name: text, id: integer, connected: { type: 'boolean' } })) }),
  },
  list_instances: {
    links: ['control-master'], data: nothing,
    response: exactly({ list: list(exactly({ name: text, id: integer, assigned_slave: { type: ['integer', 'null'] } })) }),
  },
  set_instance_output_subscriptions: { links: ['control-master'], data: exactly({ instance_ids: list(integer) }), response: nothing },
  create_instance: { links: ['control-master'], data: exactly({ serialized_config: serializedConfig }), response: nothing },
  get_instance_config: { links: ['control-master'], data: instanceOnly, response: exactly({ serialized_config: serializedConfig }) },
  set_instance_config_field: { links: ['control-master'], data: exactly({ instance_id: integer, field: text, value: text }), response: nothing },
  assign_instance_command: { links: ['control-master'], data: exactly({ instance_id: integer, slave_id: integer }), response: nothing },
  assign_instance: { links: ['master-slave'], data: exactly({ instance_id: integer, serialized_config: serializedConfig }), response: nothing },
  start_instance: { links: toInstance, data: instanceOnly, response: nothing },
  stop_instance: { links: toInstance, data: instanceOnly, response: nothing },
  create_save: { links: toInstance, data: instanceOnly, response: nothing },
  delete_instance: { links: ['control-master', 'master-slave'], data: instanceOnly, response: nothing },
  send_rcon: { links: toInstance, data: exactly({ instance_id: integer, command: text }), response: exactly({ result: text }) },
}

const output = exactly({ 'source': text, 'received': integer, 'format': text, 'type': text, 'message': text, 'time?': text, 'level?': text, 'file?': text, 'action?': text })

const events: Readonly<Record<string, ForeignEvent>> = {
  update_instances: { links: ['slave-master'], data: exactly({ instances: list(exactly({ serialized_config: serializedConfig })) }) },
  instance_output: { links: ['instance-slave', 'slave-master', 'master-control'], data: exactly({ instance_id: integer, output }) },
}

const ajv = new Ajv({ ownProperties: true, strict: false })
const compiled = new Map<Schema, (value: unknown) => boolean>()

function fits(schema: Schema, value: unknown): boolean {
  const known = compiled.get(schema) ?? ajv.compile(schema)
  compiled.set(schema, known)
  return known(value)
}

const envelope = exactly({ seq: integer, type: text, data: { type: 'object' } })
const registers: Readonly<Record<string, Schema>> = {
  register_slave: exactly({ token: text, agent: text, version: text, name: text, id: integer }),
  register_control: exactly({ token: text, agent: text, version: text }),
}

export interface ForeignFrame { readonly seq: number; readonly type: string; readonly data: Record<string, unknown> }

export function isEnvelope(value: unknown): value is ForeignFrame {
  return fits(envelope, value)
}

export function isRegistration({ type, data }: ForeignFrame): boolean {
  const schema = Object.hasOwn(registers, type) ? registers[type] : undefined
  return schema !== undefined && fits(schema, data)
}

/** What is wrong with a message that comes from `peer`, as a foreign master words it; undefined where nothing is. */
export function faultOf(peer: 'slave' | 'control', { type: name, data }: ForeignFrame): string | undefined {
  const [, type = '', kind = ''] = /^(.*)_(request|response|event)$/.exec(name) ?? []
  const definition = kind === 'event' ? events[type] : requests[type]
  const link = kind === 'response' ? `master-${peer}` : `${peer}-master`
  if (!definition?.links.includes(link)) return `Invalid message: No validator for ${name} on master-${peer}`
  if (kind !== 'response') return fits(definition.data, data) ? undefined : `Invalid message: Validation failed for ${name}`
  const { seq, ...rest } = data
  const isError = typeof rest.error === 'string' && Object.keys(rest).length === 1
  return Number.isInteger(seq) && (isError || fits((definition as ForeignRequest).response, rest)) ? undefined : `Invalid message: Validation failed for ${name}`
}
