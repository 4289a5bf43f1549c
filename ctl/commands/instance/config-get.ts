import { getInstanceConfig } from '../../../lib/link/messages/instances.ts'
import type { InstanceConfig } from '../../../lib/link/messages/instances.ts'
import { ClusterError } from '../../../lib/errors/cluster-error.ts'
import { secretMask } from '../../../lib/template/secret-mask.ts'
import { didYouMean } from '../../../lib/text/nearest.ts'
import type { Context } from '../../context.ts'
import { formatFields } from '../../output/table.ts'
import { findInstance } from './find.ts'

type Leaf = string | number | boolean | null

/** `ctl instance config get NAME [FIELD] [--secrets]` */
export async function run({ args, connect, output, note }: Context): Promise<void> {
  const master = await connect()
  const { id, name, ports } = await findInstance(master, args.word('NAME'))
  const { config } = await master.send(getInstanceConfig, { instance_id: id, ...(args.flag('secrets') ? { secrets: true } : {}) })
  // A port that is not set is a field all the same.
  const chosen = new Map(Object.entries(ports).map(([port, number]) => [`ports.${port}`, number]))
  const fields = new Map<string, Leaf>([...[...chosen.keys()].map((port) => [port, null] as const), ...flatFields(config)])
  const field = args.word('FIELD')
  if (field === '') return output.data(config, () => formatFields([...fields].map(([name, value]) => [name, value === null ? null : String(value)] as const), output.width))
  const known = fields.has(field) ? field : withoutGroup(field)
  const value = fields.get(known)
  if (value === undefined) {
    throw new ClusterError('not_found', `The configuration of ${name} has no field "${field}"${didYouMean(field, fields.keys())}; it has ${[...fields.keys()].join(', ')}`)
  }
  if (value === null && chosen.has(known)) note(`${known} is at its default: the slave has chosen ${chosen.get(known)}`)
  if (value === secretMask) note(args.flag('secrets') ? 'This token may not see secrets' : 'This is a secret; --secrets shows it')
  await output.data(value, () => `${value === null ? '' : String(value)}\n`)
}

/** Fields by their dotted names, as `config set` takes them; those of other programs begin with the name of their group. */
export function flatFields({ config_groups: groups = [], ...config }: InstanceConfig): Map<string, Leaf> {
  return new Map([...leaves(config), ...groups.flatMap(({ name, fields }) => [...leaves(fields)].map(([field, value]) => [`${name}.${field}`, value] as const))])
}

/** Our own fields by the names that they have among those of other programs. */
function withoutGroup(field: string): string {
  return field.replace(/^(?:instance|corral)\./, '').replace(/^assigned_slave$/, 'slave_id')
}

function leaves(fields: object): Map<string, Leaf> {
  const flat = new Map<string, Leaf>()
  for (const [name, value] of Object.entries(fields) as Array<[string, unknown]>) {
    if (Array.isArray(value)) flat.set(name, JSON.stringify(value))
    else if (typeof value !== 'object' || value === null) flat.set(name, value as Leaf)
    else for (const [inner, leaf] of leaves(value)) flat.set(`${name}.${inner}`, leaf)
  }
  return flat
}
